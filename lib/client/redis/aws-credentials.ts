import { missingSdk } from '../missing-sdk.js';
import type { AwsCredentials } from './iam-token.js';

/**
 * The credentials that this process runs with. Those of a Lambda function are in its environment, where the AWS SDK would
 * find them first as well; anywhere else the SDK is loaded to find them, and renews them in time.
 *
 * @throws SessionError ERR_SESSION_CONFIG if the SDK is needed and not there
 */
export function awsCredentials(): () => Promise<AwsCredentials> {
  let chain: Promise<() => Promise<AwsCredentials>> | undefined;
  return async () => {
    const inEnvironment = environmentCredentials();
    if (inEnvironment !== undefined) {
      return inEnvironment;
    }
    chain ??= import('@aws-sdk/credential-providers')
      .catch(missingSdk('@aws-sdk/credential-providers'))
      .then(({ fromNodeProviderChain }) => fromNodeProviderChain());
    return (await chain)();
  };
}

function environmentCredentials(): AwsCredentials | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_PROFILE: profile,
  } = process.env;
  if (!accessKeyId || !secretAccessKey || profile) {
    return undefined;
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}
