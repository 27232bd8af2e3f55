import { devNull } from 'node:os';
import { type FunctionDefinition, isDecidedHere } from './functions.js';
import { TRUST_VARIABLE } from './trust.js';

/** What the runner decides about the environment of every process that it starts. */
export interface ProcessSurroundings {
  /** Tells who calls the local AWS endpoint. */
  readonly accessKeyId: string;
  readonly awsEndpoint: string;
  readonly region: string;
  /** A folder of the process's own. */
  readonly home: string;
  /**
   * A file of certificates, which holds what the template says that the process trusts as well.
   * @default - the template alone says
   */
  readonly trusted?: string;
}

/** What the runner decides about a function's environment besides. */
export interface RuntimeSurroundings extends Omit<ProcessSurroundings, 'region'> {
  readonly taskRoot: string;
  /** The folder in whose `node_modules` the runtime's own packages are. */
  readonly runtimeRoot: string;
}

/**
 * The environment of a process: what the template sets, and where AWS is. Nothing of the developer's own environment is
 * passed on except what a process cannot be without, and nothing leads an AWS SDK to the developer's credentials: neither
 * the home folder nor what the template sets. That keeps an honest program from calling AWS as the developer; it does not
 * confine a hostile one, which has all rights of the process that runs it.
 */
export function processEnvironment(
  variables: Readonly<Record<string, string>>,
  { accessKeyId, awsEndpoint, region, home, trusted }: ProcessSurroundings,
): Readonly<Record<string, string>> {
  const { PATH = '', SystemRoot } = process.env;
  return {
    PATH,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...Object.fromEntries(Object.entries(variables).filter(([variable]) => !isDecidedHere(variable))),
    ...(trusted !== undefined && { [TRUST_VARIABLE]: trusted }),
    HOME: home,
    // Windows cannot open sockets without the one, and calls the home folder by the other name.
    ...(SystemRoot !== undefined && { SystemRoot, USERPROFILE: home }),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_ENDPOINT_URL_DYNAMODB: awsEndpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: awsEndpoint,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    // The SDK would tell every process that this machine's Node is old, which is not the Node that runs in AWS.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

/** The environment of a function's instance: also what Lambda sets (developer guide, "Defined runtime environment variables"). */
export function instanceEnvironment(
  { name, handler, runtime, memory, resource }: FunctionDefinition,
  variables: Readonly<Record<string, string>>,
  { taskRoot, runtimeRoot, ...surroundings }: RuntimeSurroundings,
): Readonly<Record<string, string>> {
  return {
    ...processEnvironment(variables, { ...surroundings, region: resource.stack.region }),
    _HANDLER: handler,
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: runtimeRoot,
  };
}
