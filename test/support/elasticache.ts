import {
  type DescribeReplicationGroupsMessage,
  type DescribeUsersMessage,
  InvalidParameterCombinationException,
  InvalidParameterValueException,
  InvalidReplicationGroupStateFault,
  InvalidUserStateFault,
  type ModifyReplicationGroupMessage,
  type ModifyUserMessage,
  ReplicationGroupNotFoundFault,
  UserNotFoundFault,
} from '@aws-sdk/client-elasticache';
import type { ReplicationGroupApi, UserApi } from '../../lib/functions/rotate-cache-credentials/elasticache-api.js';
import type { RedisServer } from './redis-server.js';

const $metadata = {};
const PASSWORD = /^[A-Za-z0-9!&#$^<>-]{16,128}$/;

/** A change that ElastiCache has accepted, which takes effect when it has been asked for its state a few times. */
interface PendingChange {
  looks: number;
  readonly apply: () => Promise<unknown>;
}

/**
 * One user of ElastiCache in a cache that is a real server. Has the rules of the API reference for passwords and states.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyUser.html
 */
export class SimulatedUser implements UserApi {
  /** How many passwords were set each time. */
  readonly changes: number[] = [];
  #change: PendingChange | undefined;

  constructor(
    private readonly server: RedisServer,
    readonly userId: string,
    private readonly looks = 2,
  ) {}

  /** What CloudFormation does: the user is there with one password, and nobody gets in without. */
  async create(password: string, accessString = 'on ~* +@all'): Promise<void> {
    await this.server.command('ACL', 'SETUSER', 'default', 'reset', 'off');
    await this.server.command('ACL', 'SETUSER', this.userId, 'reset', ...accessString.split(' '), `>${password}`);
    this.#change = undefined;
    this.changes.length = 0;
  }

  async describeUsers({ UserId }: DescribeUsersMessage) {
    this.#assertThis(UserId);
    const change = this.#change;
    if (change && change.looks-- > 0) {
      return { Users: [{ UserId, Status: 'modifying' }] };
    }
    this.#change = undefined;
    await change?.apply();
    return { Users: [{ UserId, Status: 'active' }] };
  }

  async modifyUser({ UserId, AuthenticationMode }: ModifyUserMessage) {
    this.#assertThis(UserId);
    if (this.#change) {
      throw new InvalidUserStateFault({ message: 'User is not in a valid state.', $metadata });
    }
    const { Type, Passwords = [] } = AuthenticationMode ?? {};
    if (Type !== 'password' || Passwords.length < 1 || Passwords.length > 2 || !Passwords.every(isPassword)) {
      throw new InvalidParameterValueException({ message: 'One or two passwords of 16 to 128 characters.', $metadata });
    }
    this.changes.push(Passwords.length);
    const rules = Passwords.map((password) => `>${password}`);
    const apply = () => this.server.command('ACL', 'SETUSER', this.userId, 'resetpass', ...rules);
    this.#change = { looks: this.looks, apply };
    return {};
  }

  #assertThis(userId: string | undefined): void {
    if (userId !== this.userId) {
      throw new UserNotFoundFault({ message: `User ${userId} not found.`, $metadata });
    }
  }
}

/**
 * One replication group with AUTH tokens, which is a real server. Has the rules of the user guide for ROTATE and SET.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html
 */
export class SimulatedReplicationGroup implements ReplicationGroupApi {
  /** The strategies of all changes. */
  readonly changes: string[] = [];
  #change: (PendingChange & { readonly status: string }) | undefined;
  /** The latest comes last. */
  #tokens: readonly string[] = [];
  #open = true;

  constructor(
    private readonly server: RedisServer,
    readonly replicationGroupId: string,
    private readonly looks = 2,
  ) {}

  /** What CloudFormation does: the group is there with its token, or open if it has none. */
  async create(token?: string): Promise<void> {
    this.#change = undefined;
    this.changes.length = 0;
    await this.#take(token === undefined ? [] : [token], token === undefined);
  }

  async describeReplicationGroups({ ReplicationGroupId }: DescribeReplicationGroupsMessage) {
    this.#assertThis(ReplicationGroupId);
    const change = this.#change;
    if (change && change.looks-- > 0) {
      // A group that has not begun yet says that it is available, and what it is about to do.
      const Status = change.looks === 1 ? 'available' : 'modifying';
      const PendingModifiedValues = { AuthTokenStatus: change.status as 'SETTING' | 'ROTATING' };
      return { ReplicationGroups: [{ ReplicationGroupId, Status, PendingModifiedValues }] };
    }
    this.#change = undefined;
    await change?.apply();
    return { ReplicationGroups: [{ ReplicationGroupId, Status: 'available', PendingModifiedValues: {} }] };
  }

  async modifyReplicationGroup(request: ModifyReplicationGroupMessage) {
    const { ReplicationGroupId, AuthToken = '', AuthTokenUpdateStrategy = 'ROTATE', ApplyImmediately } = request;
    this.#assertThis(ReplicationGroupId);
    if (this.#change) {
      throw new InvalidReplicationGroupStateFault({ message: 'Replication group is not available.', $metadata });
    }
    if (!ApplyImmediately || !isPassword(AuthToken)) {
      throw new InvalidParameterValueException({ message: 'A token of 16 to 128 characters, at once.', $metadata });
    }
    switch (AuthTokenUpdateStrategy) {
      case 'ROTATE': {
        const [latest] = this.#tokens.slice(-1).filter((token) => token !== AuthToken);
        const tokens = [...(latest === undefined ? [] : [latest]), AuthToken];
        this.#change = { looks: this.looks, status: 'ROTATING', apply: () => this.#take(tokens, this.#open) };
        break;
      }
      case 'SET':
        if (this.#tokens.at(-1) !== AuthToken || (this.#tokens.length < 2 && !this.#open)) {
          throw new InvalidParameterCombinationException({ message: 'SET is allowed only after ROTATE.', $metadata });
        }
        this.#change = { looks: this.looks, status: 'SETTING', apply: () => this.#take([AuthToken], false) };
        break;
      default:
        throw new InvalidParameterCombinationException({ message: 'DELETE ends authentication.', $metadata });
    }
    this.changes.push(AuthTokenUpdateStrategy);
    return {};
  }

  async #take(tokens: readonly string[], open: boolean): Promise<void> {
    this.#tokens = tokens;
    this.#open = open;
    const rules = open ? ['nopass'] : ['resetpass', ...tokens.map((token) => `>${token}`)];
    await this.server.command('ACL', 'SETUSER', 'default', 'reset', 'on', '~*', '+@all', ...rules);
  }

  #assertThis(id: string | undefined): void {
    if (id !== this.replicationGroupId) {
      throw new ReplicationGroupNotFoundFault({ message: `Replication group ${id} not found.`, $metadata });
    }
  }
}

function isPassword(text: string): boolean {
  return PASSWORD.test(text);
}
