import { type EvaluationResult, runSimulation } from '@cloud-copilot/iam-simulate';
import { ACCOUNT, type CfnTemplate, resolveIntrinsics } from './template.js';

/** A call that a function may make. */
export interface SimulatedCall {
  /** The IAM action: `dynamodb:GetItem`. */
  readonly action: string;
  /** What it is called on. `arnOf()` tells the ARN of a resource of the template. */
  readonly resourceArn: string;
  /**
   * Context keys of the request: `{ 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' }`; lists for those of many
   * values: `{ 'dynamodb:Attributes': ['id', 'sessions'] }`.
   */
  readonly context?: Readonly<Record<string, string | string[]>>;
}

/**
 * What IAM says to a call of a function, going by the policies that the template gives to the function's role. AWS's
 * own managed policies are not in a template and do not count.
 *
 * @param others further templates of the app, for references across stacks.
 * @throws if the function has no role in the template, or the simulator refuses the request.
 */
export async function simulate(
  template: CfnTemplate,
  functionLogicalId: string,
  { action, resourceArn, context = {} }: SimulatedCall,
  others: readonly CfnTemplate[] = [],
): Promise<EvaluationResult> {
  const role = roleOf(template, functionLogicalId);
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/${role}`,
        action,
        resource: { resource: resourceArn, accountId: resourceArn.split(':')[4] || ACCOUNT },
        contextVariables: standingIn(context),
      },
      identityPolicies: policiesOf(role, template, others),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      // A key's own policy, as CDK makes it, leaves permissions to the account's IAM.
      ...(action.startsWith('kms:') && { resourcePolicy: leavesItToIam }),
    },
    {},
  );
  if (result.resultType === 'error') {
    throw new Error(`cannot simulate ${action} on ${resourceArn}: ${JSON.stringify(result.errors)}`);
  }
  return result.overallResult;
}

const leavesItToIam = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }],
};

/**
 * The simulator does not know the keys `kms:EncryptionContext:<name>`, and would never fulfil them. A request tag of the
 * name, which means nothing to KMS, stands in for each, in policies and requests alike.
 */
function standingIn<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll('"kms:EncryptionContext:', '"aws:RequestTag/'));
}

function roleOf(template: CfnTemplate, functionLogicalId: string): string {
  const role = template.Resources[functionLogicalId]?.Properties?.['Role'];
  if (typeof role === 'object' && role !== null && 'Fn::GetAtt' in role && Array.isArray(role['Fn::GetAtt'])) {
    return String(role['Fn::GetAtt'][0]);
  }
  throw new Error(`${functionLogicalId} is not a function with a role in this template`);
}

function policiesOf(role: string, template: CfnTemplate, others: readonly CfnTemplate[]) {
  return Object.entries(template.Resources)
    .filter(([, { Type, Properties }]) => Type === 'AWS::IAM::Policy' && refersTo(Properties?.['Roles'], role))
    .map(([name, { Properties }]) => ({
      name,
      policy: standingIn(resolveIntrinsics(Properties?.['PolicyDocument'], template, others)),
    }));
}

function refersTo(roles: unknown, role: string): boolean {
  return Array.isArray(roles) && roles.some((reference) => reference?.Ref === role);
}
