import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SessionTable } from 'cdk-sessions';
import { type Database, type DatabaseKind, startDatabase } from '../../lib/local/dynamodb';
import { tableDefinition } from '../../lib/local/tables';

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
  await database.createTable(tableDefinition('sessions', resource?.['Properties']));
  return { table: 'sessions', endpoint: `http://127.0.0.1:${database.port}`, stop: () => database.stop() };
}
