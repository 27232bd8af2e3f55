import type { FunctionDefinition } from './functions.js';

/** What the runner decides about a function's environment. */
export interface RuntimeSurroundings {
  /** Tells who calls the local AWS endpoint. */
  readonly accessKeyId: string;
  readonly awsEndpoint: string;
  readonly taskRoot: string;
  /** Where the runtime's own packages are. */
  readonly nodePath: string;
}

/**
 * The environment of an instance: what Lambda sets (Lambda developer guide, "Defined runtime environment variables"),
 * what the template sets, and where AWS is. Nothing of the developer's own environment is passed on, least of all
 * credentials, except what a process cannot be without.
 */
export function instanceEnvironment(
  { name, handler, runtime, memory, resource }: FunctionDefinition,
  variables: Readonly<Record<string, string>>,
  { accessKeyId, awsEndpoint, taskRoot, nodePath }: RuntimeSurroundings,
): Readonly<Record<string, string>> {
  const { PATH = '', SystemRoot } = process.env;
  return {
    PATH,
    // Windows cannot open sockets without it.
    ...(SystemRoot !== undefined && { SystemRoot }),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    NODE_PATH: nodePath,
    ...variables,
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
    LAMBDA_RUNTIME_DIR: nodePath,
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_ENDPOINT_URL_DYNAMODB: awsEndpoint,
  };
}
