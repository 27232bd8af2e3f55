import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { SimulatedReplicationGroup, SimulatedUser } from './elasticache.js';

/** An endpoint of ElastiCache that has one user or one replication group, for the AWS SDK to call. */
export interface ElastiCacheEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** What there is: a user or a replication group. */
export interface Served {
  readonly user?: SimulatedUser;
  readonly group?: SimulatedReplicationGroup;
}

/** Speaks the protocol of ElastiCache, AWS Query, on loopback. Signatures are not looked at. */
export async function serveElastiCache({ user, group }: Served): Promise<ElastiCacheEndpoint> {
  const answers = async (form: URLSearchParams): Promise<string> => {
    const field = (name: string) => form.get(name) ?? undefined;
    switch (form.get('Action')) {
      case 'DescribeUsers': {
        const { Users = [] } = (await user?.describeUsers({ UserId: field('UserId') })) ?? {};
        return `<Users>${Users.map(({ Status }) => `<member><Status>${Status}</Status></member>`).join('')}</Users>`;
      }
      case 'ModifyUser': {
        const Passwords = [...form].flatMap(([name, value]) =>
          name.startsWith('AuthenticationMode.Passwords.member.') ? [value] : [],
        );
        await user?.modifyUser({
          UserId: field('UserId'),
          AuthenticationMode: { Type: form.get('AuthenticationMode.Type') as 'password', Passwords },
        });
        return '<Status>modifying</Status>';
      }
      case 'DescribeReplicationGroups': {
        const request = { ReplicationGroupId: field('ReplicationGroupId') };
        const { ReplicationGroups = [] } = (await group?.describeReplicationGroups(request)) ?? {};
        const members = ReplicationGroups.map(({ Status, PendingModifiedValues }) => {
          const pending = Object.entries(PendingModifiedValues).map(([name, value]) => `<${name}>${value}</${name}>`);
          return `<ReplicationGroup><Status>${Status}</Status><PendingModifiedValues>${pending.join('')}</PendingModifiedValues></ReplicationGroup>`;
        });
        return `<ReplicationGroups>${members.join('')}</ReplicationGroups>`;
      }
      case 'ModifyReplicationGroup':
        await group?.modifyReplicationGroup({
          ReplicationGroupId: field('ReplicationGroupId'),
          AuthToken: field('AuthToken'),
          AuthTokenUpdateStrategy: field('AuthTokenUpdateStrategy') as 'SET' | 'ROTATE',
          ApplyImmediately: field('ApplyImmediately') === 'true',
        });
        return '<ReplicationGroup><Status>modifying</Status></ReplicationGroup>';
      default:
        throw new Error(`nobody may call ${form.get('Action')} here`);
    }
  };
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const action = form.get('Action');
    try {
      const answer = await answers(form);
      response.end(`<${action}Response><${action}Result>${answer}</${action}Result></${action}Response>`);
    } catch (error) {
      const { name, message } = error as Error;
      const code = name.replace(/Exception$/, '');
      response
        .writeHead(400)
        .end(
          `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
        );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
