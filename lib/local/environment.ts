import { devNull } from 'node:os';
import { type FunctionDefinition, isDecidedHere } from './functions.js';
import { TRUST_VARIABLE } from './trust.js';

/** What the runner decides about a function's environment. */
export interface RuntimeSurroundings {
  /** Tells who calls the local AWS endpoint. */
  readonly accessKeyId: string;
  readonly awsEndpoint: string;
  readonly taskRoot: string;
  /** The folder in whose `node_modules` the runtime's own packages are. */
  readonly runtimeRoot: string;
  /** A folder of the function's own. */
  readonly home: string;
  /**
   * A file of certificates, which holds what the template says that the function trusts as well.
   * @default - the template alone says
   */
  readonly trusted?: string;
}

/**
 * The environment of an instance: what Lambda sets (Lambda developer guide, "Defined runtime environment variables"),
 * what the template sets, and where AWS is. Nothing of the developer's own environment is passed on except what a process
 * cannot be without, and nothing leads an AWS SDK to the developer's credentials: neither the home folder nor what the
 * template sets. That keeps an honest function from calling AWS as the developer; it does not confine a hostile one,
 * which has all rights of the process that runs it.
 */
export function instanceEnvironment(
  { name, handler, runtime, memory, resource }: FunctionDefinition,
  variables: Readonly<Record<string, string>>,
  { accessKeyId, awsEndpoint, taskRoot, runtimeRoot, home, trusted }: RuntimeSurroundings,
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
    _HANDLER: handler,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_REGION: resource.stack.region,
    AWS_DEFAULT_REGION: resource.stack.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: runtimeRoot,
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_ENDPOINT_URL_DYNAMODB: awsEndpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: awsEndpoint,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    // The SDK would tell every instance that this machine's Node is old, which is not the Node that Lambda runs.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}
