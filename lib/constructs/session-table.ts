import { Arn, ArnFormat, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { SESSION_ITEM } from '../contract/record.js';
import { SessionConstructError } from './errors.js';
import type { SessionStoreOptions } from './session-store.js';
import { type ISessionTable, SessionTableBase } from './session-table-base.js';

/** How to create a table for sessions. */
export interface SessionTableProps extends SessionStoreOptions {
  /**
   * The table's name. Needed where a stack of another region uses the table; a named table cannot be replaced.
   * @default - generated
   */
  readonly tableName?: string;

  /**
   * Which key encrypts the table. A customer-managed one needs a stack with a region, and costs by the request.
   * @default dynamodb.TableEncryptionV2.dynamoOwnedKey()
   */
  readonly encryption?: dynamodb.TableEncryptionV2;

  /**
   * Whether the table can be restored to any second of the last 35 days. Charged by the gigabyte of the table.
   * @default true
   */
  readonly pointInTimeRecovery?: boolean;

  /**
   * What happens to the table when it is removed from the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Whether DynamoDB refuses to delete the table until this is turned off.
   * @default - true, except with RemovalPolicy.DESTROY
   */
  readonly deletionProtection?: boolean;
}

/** A table that exists: its name or its ARN, one of the two. */
export interface SessionTableAttributes extends SessionStoreOptions {
  /**
   * The table's name, if it is in the account and region of the stack that imports it.
   * @default - taken from the ARN
   */
  readonly tableName?: string;

  /**
   * The table's ARN. With it, consumers in another region know where the table is.
   * @default - made of the name
   */
  readonly tableArn?: string;

  /**
   * The customer-managed key that encrypts the table.
   * @default - a key of DynamoDB or of AWS, which needs no grant
   */
  readonly encryptionKey?: kms.IKey;
}

/**
 * A DynamoDB table that keeps sessions, and of each user who signed in which sessions are theirs: on demand, with time to
 * live, and recovery to any second.
 */
export class SessionTable extends SessionTableBase {
  /**
   * Imports a table that has the key and attributes of a `SessionTable`.
   *
   * @throws if both name and ARN are given, or neither, or the ARN is not that of a table.
   */
  public static fromSessionTableAttributes(
    scope: Construct,
    id: string,
    attributes: SessionTableAttributes,
  ): ISessionTable {
    return new ImportedSessionTable(scope, id, attributes);
  }

  public override readonly tableName: string;
  public override readonly tableArn: string;
  public override readonly encryptionKey?: kms.IKey;
  /** The table itself, for what this construct does not offer. The names of its attributes are fixed. */
  public readonly table: dynamodb.TableV2;

  constructor(scope: Construct, id: string, props: SessionTableProps = {}) {
    super(scope, id, props);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.refuseWhatCannotDeploy(props, removalPolicy);

    // The id is pinned: it makes the logical id, and a new one would make CloudFormation replace the table.
    this.table = new dynamodb.TableV2(this, 'Table', {
      tableName: props.tableName,
      partitionKey: { name: SESSION_ITEM.key, type: dynamodb.AttributeType.BINARY },
      timeToLiveAttribute: SESSION_ITEM.ttl,
      billing: dynamodb.Billing.onDemand(),
      encryption: props.encryption,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: props.pointInTimeRecovery ?? true },
      deletionProtection: props.deletionProtection ?? removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
    this.node.defaultChild = this.table.node.defaultChild;
    this.tableName = this.table.tableName;
    this.tableArn = this.table.tableArn;
    this.encryptionKey = this.table.encryptionKey;
  }

  private refuseWhatCannotDeploy(props: SessionTableProps, removalPolicy: RemovalPolicy): void {
    if (props.deletionProtection && removalPolicy === RemovalPolicy.DESTROY) {
      throw new SessionConstructError(
        'ERR_SESSION_TABLE',
        'a table with deletionProtection cannot be destroyed with its stack, received removalPolicy DESTROY and deletionProtection true: take one of the two',
        this,
      );
    }
    const customerManaged = props.encryption?.type === dynamodb.TableEncryption.CUSTOMER_MANAGED;
    if (customerManaged && Token.isUnresolved(this.stack.region)) {
      throw new SessionConstructError(
        'ERR_SESSION_TABLE',
        `a customer-managed key needs a stack with a region, received one without: new Stack(app, '${this.stack.node.id}', { env: { region: 'us-east-1' } })`,
        this,
      );
    }
  }
}

class ImportedSessionTable extends SessionTableBase {
  public override readonly tableName: string;
  public override readonly tableArn: string;
  public override readonly encryptionKey?: kms.IKey;

  constructor(scope: Construct, id: string, attributes: SessionTableAttributes) {
    const { tableName, tableArn } = locate(scope, id, attributes);
    super(scope, id, { ...attributes, ...(attributes.tableArn !== undefined && { environmentFromArn: tableArn }) });
    this.tableName = tableName;
    this.tableArn = tableArn;
    this.encryptionKey = attributes.encryptionKey;
  }
}

interface TableLocation {
  readonly tableName: string;
  readonly tableArn: string;
}

function locate(scope: Construct, id: string, { tableName, tableArn }: SessionTableAttributes): TableLocation {
  const refuse = (message: string): never => {
    throw new SessionConstructError('ERR_SESSION_TABLE', `${message}, importing ${id}`, scope);
  };
  if (tableName !== undefined && tableArn !== undefined) {
    return refuse('a table is imported by its name or by its ARN, received both: take the ARN');
  }
  if (tableArn !== undefined) {
    if (!Token.isUnresolved(tableArn) && !/^arn:[^:]+:dynamodb:[^:]+:\d{12}:table\/[\w.-]{3,255}$/.test(tableArn)) {
      return refuse(`tableArn must be that of a DynamoDB table, received ${JSON.stringify(tableArn)}`);
    }
    const { resourceName } = Arn.split(tableArn, ArnFormat.SLASH_RESOURCE_NAME);
    return { tableName: resourceName ?? refuse('tableArn must name a table'), tableArn };
  }
  if (tableName === undefined) {
    return refuse('a table is imported by its name or by its ARN, received neither: give tableName or tableArn');
  }
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
  if (!Token.isUnresolved(tableName) && !/^[\w.-]{3,255}$/.test(tableName)) {
    return refuse(
      `tableName must be 3 to 255 letters, digits, underscores, hyphens and dots, received ${JSON.stringify(tableName)}`,
    );
  }
  const tableNamePart = { service: 'dynamodb', resource: 'table', resourceName: tableName };
  return { tableName, tableArn: Stack.of(scope).formatArn(tableNamePart) };
}
