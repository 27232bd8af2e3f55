import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** API Gateway in front of a function with sessions: an HTTP API, whose events and cookies the client reads as they are. */
export function httpApi(scope: Construct, shop: IFunction): HttpApi {
  return new HttpApi(scope, 'Api', { defaultIntegration: new HttpLambdaIntegration('Shop', shop) });
}
