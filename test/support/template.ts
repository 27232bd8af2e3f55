/** A CloudFormation template, as far as tests look into it. */
export interface CfnTemplate {
  readonly Resources: Readonly<Record<string, CfnResource>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
}

/** A resource of a template. */
export interface CfnResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** Where the tests' stacks are deployed, in their imagination. */
export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/**
 * Resolves intrinsic functions as a deployment would, in which every resource's physical name is its logical id.
 * Exports are looked up in the template itself and in the `others` of the same app.
 *
 * @throws if it meets a function that it does not know.
 */
export function resolveIntrinsics(value: unknown, template: CfnTemplate, others: readonly CfnTemplate[] = []): unknown {
  const resolve = (inner: unknown): unknown => resolveIntrinsics(inner, template, others);
  if (Array.isArray(value)) {
    return value.map(resolve);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined || more.length > 0 || (entry[0] !== 'Ref' && !entry[0].startsWith('Fn::'))) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
  }
  const [name, argument] = entry;
  switch (name) {
    case 'Ref':
      return PSEUDO_PARAMETERS[String(argument)] ?? refOf(template, String(argument));
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = argument as [string, string];
      return attribute === 'Arn' ? arnOf(template, logicalId) : `${logicalId}.${attribute}`;
    }
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => String(resolve(part))).join(separator);
    }
    case 'Fn::Base64':
      return Buffer.from(String(resolve(argument))).toString('base64');
    case 'Fn::Sub':
      return String(argument).replace(/\$\{([^}]+)\}/g, (_, reference: string) => {
        const [logicalId = '', attribute] = reference.split('.');
        return String(resolve(attribute ? { 'Fn::GetAtt': [logicalId, attribute] } : { Ref: logicalId }));
      });
    case 'Fn::ImportValue': {
      for (const exporter of [template, ...others]) {
        const output = Object.values(exporter.Outputs ?? {}).find(({ Export }) => Export?.Name === argument);
        if (output) {
          return resolveIntrinsics(output.Value, exporter, others);
        }
      }
      throw new Error(`nothing exports ${JSON.stringify(argument)}`);
    }
    default:
      throw new Error(`cannot resolve ${name}`);
  }
}

function refOf(template: CfnTemplate, logicalId: string): string {
  return template.Resources[logicalId]?.Type === 'AWS::SecretsManager::Secret' ? arnOf(template, logicalId) : logicalId;
}

/** The ARN of a resource, under the same assumption. */
export function arnOf(template: CfnTemplate, logicalId: string): string {
  const type = template.Resources[logicalId]?.Type;
  switch (type) {
    case 'AWS::DynamoDB::GlobalTable':
      return `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${logicalId}`;
    case 'AWS::IAM::Role':
      return `arn:aws:iam::${ACCOUNT}:role/${logicalId}`;
    case 'AWS::KMS::Key':
      return `arn:aws:kms:${REGION}:${ACCOUNT}:key/${logicalId}`;
    case 'AWS::Logs::LogGroup':
      return `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${logicalId}:*`;
    case 'AWS::SecretsManager::Secret':
      return `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${logicalId}-AbCdEf`;
    case 'AWS::Lambda::Function':
      return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${logicalId}`;
    default:
      throw new Error(`cannot tell the ARN of ${logicalId}, of type ${type}`);
  }
}

/** The logical id of the only resource of a type. @throws if there is none, or more than one. */
export function onlyLogicalId(template: CfnTemplate, type: string): string {
  const [found, ...more] = Object.keys(template.Resources).filter((id) => template.Resources[id]?.Type === type);
  if (found === undefined || more.length > 0) {
    throw new Error(`expected one ${type}, found ${[found, ...more].filter(Boolean).join(', ') || 'none'}`);
  }
  return found;
}
