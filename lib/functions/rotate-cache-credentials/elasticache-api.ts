import type {
  DescribeReplicationGroupsMessage,
  DescribeUsersMessage,
  ModifyReplicationGroupMessage,
  ModifyUserMessage,
  ReplicationGroup,
  User,
} from '@aws-sdk/client-elasticache';

/** What is called of ElastiCache for a user: the role of its function allows no more. */
export interface UserApi {
  describeUsers(request: DescribeUsersMessage): Promise<{ readonly Users?: readonly Pick<User, 'Status'>[] }>;
  modifyUser(request: ModifyUserMessage): Promise<unknown>;
}

/** What is called of ElastiCache for a replication group: the role of its function allows no more. */
export interface ReplicationGroupApi {
  describeReplicationGroups(
    request: DescribeReplicationGroupsMessage,
  ): Promise<{ readonly ReplicationGroups?: readonly Pick<ReplicationGroup, 'Status' | 'PendingModifiedValues'>[] }>;
  modifyReplicationGroup(request: ModifyReplicationGroupMessage): Promise<unknown>;
}
