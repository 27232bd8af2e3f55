/**
 * What a deployed store tells the running client: one JSON document in one environment variable.
 *
 * The constructs write it, the client reads it, and nothing else connects the two. Times are whole seconds. Unknown
 * fields are ignored, so that an older client runs beside a newer stack; `version` rises only when something breaks.
 * `environment.schema.json` says the same for other languages.
 */

/** The environment variable that carries the contract unless an attach method was given another name. */
export const SESSIONS_VARIABLE = 'CDK_SESSIONS';

/** The version of the contract that this release writes, and the newest that it reads. */
export const CONTRACT_VERSION = 1;

/** The most characters that one contract may take: Lambda allows 4 KB for all variables of a function together. */
export const CONTRACT_MAX_LENGTH = 2048;

/** The whole document. */
export interface SessionContract {
  /** The version of this document's format: 1. */
  readonly version: number;
  /** The stores, by the role that each plays. */
  readonly stores: StoreContracts;
  /** How long sessions live and which cookie carries them. */
  readonly policy: PolicyContract;
  /**
   * Where the keys are that cookies are signed with.
   * @default - cookies are not signed
   */
  readonly keys?: KeysContract;
  /**
   * What the consumer may do: `revoke`, end sessions and read none.
   * @default - all that a client does
   */
  readonly access?: 'revoke';
}

/** The stores of a deployment, by role. */
export interface StoreContracts {
  /** The store that decides: what it does not have does not exist. */
  readonly primary: StoreContract;
}

/** A store, told apart by its `kind`. */
export type StoreContract = DynamoDBStoreContract | RedisStoreContract;

/** A DynamoDB table with the attributes of `record.ts`. */
export interface DynamoDBStoreContract {
  /** Tells this kind of store from the others. */
  readonly kind: 'dynamodb';
  /** The table's name. */
  readonly table: string;
  /**
   * The region of the table.
   * @default - the region in which the client runs
   */
  readonly region?: string;
}

/** A Valkey or Redis server, or a cluster of them. Both speak the same protocol, under the older one's name. */
export interface RedisStoreContract {
  /** Tells this kind of store from the others. */
  readonly kind: 'redis';
  /** The host name that clients connect to: of the primary, or in cluster mode the one that tells of all nodes. */
  readonly endpoint: string;
  /** The port that clients connect to, from 1 to 65535. */
  readonly port: number;
  /** Whether keys are spread over shards, so that the client must follow redirections. */
  readonly cluster: boolean;
  /** Whether the client connects with TLS. */
  readonly tls: boolean;
  /**
   * The region of the store, and of its secret if it has one.
   * @default - the region in which the client runs
   */
  readonly region?: string;
  /**
   * How the client says who it is.
   * @default - not at all
   */
  readonly authentication?: CacheAuthenticationContract;
}

/** How a client says who it is, told apart by its `kind`. Names and ARNs, never a password or a token. */
export type CacheAuthenticationContract = CacheIamContract | CachePasswordContract | CacheTokenContract;

/** A token that the client signs with the credentials it runs with, for each connection. */
export interface CacheIamContract {
  /** Tells this kind of authentication from the others. */
  readonly kind: 'iam';
  /** The user's name, which with IAM is its id as well. */
  readonly user: string;
  /** The cache's name, which is signed: the id of the replication group, or the name of the serverless cache. */
  readonly cache: string;
  /**
   * Whether the cache is a serverless one, which is signed, too.
   * @default false
   */
  readonly serverless?: boolean;
}

/** A user with a password in Secrets Manager. */
export interface CachePasswordContract {
  /** Tells this kind of authentication from the others. */
  readonly kind: 'password';
  /** The user's name. */
  readonly user: string;
  /** The ARN of the secret that holds the password. */
  readonly secret: string;
}

/** A token in Secrets Manager that all clients share. */
export interface CacheTokenContract {
  /** Tells this kind of authentication from the others. */
  readonly kind: 'token';
  /** The ARN of the secret that holds the token. */
  readonly secret: string;
}

/** Where the keys are, a `KeyDocument` in a secret of Secrets Manager, and what is done with them. Never a key itself. */
export interface KeysContract {
  /** The ARN of the secret. */
  readonly secret: string;
  /**
   * The region of the secret.
   * @default - the region in which the client runs
   */
  readonly region?: string;
  /**
   * Whether the data of sessions is encrypted, too.
   * @default false
   */
  readonly encryptsData?: boolean;
  /**
   * Whether cookies that are not signed, and data that is not encrypted, still count; they are signed in the reply, and
   * encrypted by the next save. For the time in which a store that is in use gets its keys.
   * @default false
   */
  readonly acceptsUnprotected?: boolean;
}

/** How long sessions live and which cookie carries them. All times in whole seconds. */
export interface PolicyContract {
  /** A session ends when it was not used for so many seconds. At most `absoluteTimeout`. */
  readonly idleTimeout: number;
  /** A session ends so many seconds after it began, however busy it is. */
  readonly absoluteTimeout: number;
  /**
   * A session in use gets a new id every so many seconds. At most `absoluteTimeout`.
   * @default - an id lives as long as its session, unless the application regenerates it
   */
  readonly renewalTimeout?: number;
  /** The idle deadline is moved only when more than so many seconds have passed since it last was. Below `idleTimeout`. */
  readonly touchAfter: number;
  /**
   * The most sessions that one user may have at the same time, from 1 to 1000.
   * @default 100
   */
  readonly sessionsPerOwner?: number;
  /**
   * What happens when a user signs in who has as many already.
   * @default 'evict-oldest'
   */
  readonly whenFull?: WhenFullContract;
  /**
   * When it is looked up whether a user's sessions were revoked: by the first request after each `touchAfter`, or by
   * every one.
   * @default 'touch'
   */
  readonly revocationCheck?: RevocationCheckContract;
  /** The cookie that carries the session's id. */
  readonly cookie: CookieContract;
}

/** What happens when a user signs in who has all the sessions that one may have. */
export type WhenFullContract = 'evict-oldest' | 'refuse';

/** When it is looked up whether a user's sessions were revoked. */
export type RevocationCheckContract = 'touch' | 'request';

/** When a browser sends the cookie along with requests that other sites caused. */
export type SameSiteContract = 'strict' | 'lax' | 'none';

/** The cookie that carries the session's id. It is always HttpOnly, with `Path=/`. */
export interface CookieContract {
  /** The cookie's name. A `__Host-` name binds it to one host and to HTTPS. */
  readonly name: string;
  /** The SameSite attribute. */
  readonly sameSite: SameSiteContract;
  /** Whether browsers send it over HTTPS only. */
  readonly secure: boolean;
  /** Whether it outlives the browser, until the session's absolute deadline. */
  readonly persistent: boolean;
  /**
   * The domain whose subdomains share the cookie. Impossible with a `__Host-` name.
   * @default - only the host that set it
   */
  readonly domain?: string;
}
