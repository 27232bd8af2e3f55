import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SessionTable } from 'cdk-sessions';
import { startAwsEndpoint } from '../../lib/local/aws-endpoint';
import { type Database, type DatabaseKind, startDatabase } from '../../lib/local/dynamodb';
import { tableDefinition } from '../../lib/local/tables';

const TABLE = 'sessions';

/** A database on this machine with the table that `SessionTable` synthesizes. */
export interface LiveTable {
  readonly table: string;
  readonly endpoint: string;
  stop(): Promise<void>;
}

export async function startSessionTable(kind: DatabaseKind): Promise<LiveTable> {
  const stack = new Stack(new App(), 'Stack');
  new SessionTable(stack, 'Sessions');
  const [resource] = Object.values(Template.fromStack(stack).findResources('AWS::DynamoDB::GlobalTable'));
  const database: Database = await startDatabase(kind, [process.cwd()]);
  await database.createTable(tableDefinition(TABLE, resource?.['Properties']));
  // The database itself answers to nobody else.
  const endpoint = await startAwsEndpoint({ database, callers: new Map(), onCall: () => {}, log: () => {} });
  const stop = async () => {
    await endpoint.stop();
    await database.stop();
  };
  return { table: TABLE, endpoint: endpoint.url, stop };
}

/** Such a table for the tests of the suite around it, where the AWS SDK of this process finds it. */
export function useSessionTable(kind: DatabaseKind): { readonly name: string } {
  const environment = process.env;
  let live: LiveTable | undefined;

  beforeAll(async () => {
    live = await startSessionTable(kind);
    process.env = {
      ...environment,
      AWS_ENDPOINT_URL_DYNAMODB: live.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  });

  afterAll(async () => {
    process.env = environment;
    await live?.stop();
  });

  return { name: TABLE };
}
