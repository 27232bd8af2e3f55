import path from 'node:path';

/** A user of a server, with rules as ACL SETUSER takes them: `on`, `~session:*`, `+get`, `>password`. */
export interface RedisUser {
  readonly name: string;
  readonly rules: readonly string[];
}

/** Who may do everything: the runner and the tests, and the servers among themselves. */
export const ADMINISTRATOR = 'cdk-sessions-local';

/** The rules of somebody who may do everything. */
export const EVERYTHING = ['~*', '&*', '+@all'] as const;

/** The file of users (`aclfile`). Without any, whoever connects may do everything. */
export function usersText(password: string, users: readonly RedisUser[] | undefined): string {
  const nobody: RedisUser = { name: 'default', rules: ['off'] };
  const everybody: RedisUser = { name: 'default', rules: ['on', 'nopass', ...EVERYTHING] };
  const all = [
    { name: ADMINISTRATOR, rules: ['on', `>${password}`, ...EVERYTHING] },
    ...(users === undefined ? [everybody] : users.some(({ name }) => name === 'default') ? [] : [nobody]),
    ...(users ?? []),
  ];
  return all.map(({ name, rules }) => `user ${name} ${rules.join(' ')}\n`).join('');
}

/** What a server's settings are made of. */
export interface RedisSettings {
  /** Where the server keeps what it keeps. It holds `users.acl`, and with TLS `key.pem` and `cert.pem`. */
  readonly folder: string;
  readonly port: number;
  readonly busPort: number;
  readonly password: string;
  readonly tls: boolean;
  readonly cluster: boolean;
  /** The port of the server that it copies. */
  readonly primaryPort?: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** A `redis.conf`. Of a setting that comes twice the last one counts, so that nothing given opens the server to others. */
export function settingsText({ folder, port, busPort, password, tls, cluster, ...more }: RedisSettings): string {
  const file = (name: string) => quoted(path.join(folder, name));
  const { primaryPort, settings } = more;
  const lines = [
    // What is lost with the process needs no disk. A replica gets its copy at once, not when others might want one, too.
    ['save', '""'],
    ['repl-diskless-sync', 'yes'],
    ['repl-diskless-sync-delay', '0'],
    ...Object.entries(settings).map(([name, value]) => [name, quoted(value)]),
    ['bind', '127.0.0.1', '-::1'],
    ['dir', quoted(folder)],
    ['aclfile', file('users.acl')],
    ['masteruser', ADMINISTRATOR],
    ['masterauth', password],
    ...(tls
      ? [
          ['port', '0'],
          ['tls-port', String(port)],
          ['tls-key-file', file('key.pem')],
          ['tls-cert-file', file('cert.pem')],
          ['tls-ca-cert-file', file('cert.pem')],
          ['tls-auth-clients', 'no'],
          ['tls-replication', 'yes'],
          ['tls-cluster', 'yes'],
        ]
      : [['port', String(port)]]),
    ...(cluster
      ? [
          ['cluster-enabled', 'yes'],
          ['cluster-port', String(busPort)],
          // As ElastiCache does with TLS: clients check certificates, which are for names.
          ['cluster-announce-hostname', 'localhost'],
          ['cluster-preferred-endpoint-type', 'hostname'],
        ]
      : []),
    ...(primaryPort === undefined ? [] : [['replicaof', '127.0.0.1', String(primaryPort)]]),
  ];
  return lines.map((words) => `${words.join(' ')}\n`).join('');
}

/** As `redis.conf` quotes: what is in quotes may hold spaces, and backslashes escape. */
function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\r/g, '\\r').replace(/\n/g, '\\n')}"`;
}
