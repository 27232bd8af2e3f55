import { EndpointType, LambdaRestApi } from 'aws-cdk-lib/aws-apigateway';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** A REST API in front of a function with sessions. Do not turn its cache on: it knows nothing of cookies. */
export function restApi(scope: Construct, shop: IFunction): LambdaRestApi {
  return new LambdaRestApi(scope, 'Api', {
    handler: shop,
    endpointTypes: [EndpointType.REGIONAL],
    deployOptions: { stageName: 'shop' },
  });
}
