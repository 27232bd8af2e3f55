import { type Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import type { CacheEngine } from './cache-engine.js';
import { limitsFault, type ServerlessLimits } from './serverless-limits.js';

/** What a serverless cache is to be, with all its defaults: what can be judged before anything is made. */
export interface ServerlessPlan {
  readonly engine: CacheEngine;
  readonly limits: ServerlessLimits;
  readonly snapshotRetention: Duration;
  readonly dailySnapshotTime?: string;
  readonly finalSnapshotName?: string;
  readonly serverlessCacheName?: string;
  readonly allowReplacement?: string;
  readonly description: string;
  readonly removalPolicy: RemovalPolicy;
}

const MOST_SNAPSHOT_DAYS = 35;

/** Of caches and snapshots. ElastiCache would store upper case as lower case, and CloudFormation look for the former. */
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

type Rule = (plan: ServerlessPlan) => string | undefined;

/**
 * Why ElastiCache would refuse a serverless cache, or leave out without a word what was asked for; `undefined` if it would
 * not. What only the deployment knows is not judged.
 */
export function serverlessFault(plan: ServerlessPlan): string | undefined {
  for (const rule of RULES) {
    const fault = rule(plan);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/WhatIs.deployment.html */
const engineVersion: Rule = ({ engine }) =>
  engine._isAtLeast({ valkey: '7.2', redis: '7.0' })
    ? undefined
    : `a serverless cache runs Valkey, or Redis OSS 7, received ${engine.toString()}: take a later engine`;

const limits: Rule = (plan) => limitsFault(plan.limits);

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateServerlessCache.html */
const snapshots: Rule = ({ snapshotRetention, dailySnapshotTime }) => {
  if (dailySnapshotTime !== undefined && !Token.isUnresolved(dailySnapshotTime)) {
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(dailySnapshotTime)) {
      return `dailySnapshotTime must be a time from 00:00 to 23:59 in UTC, received ${JSON.stringify(dailySnapshotTime)}`;
    }
  }
  if (snapshotRetention.isUnresolved()) {
    return undefined;
  }
  const days = snapshotRetention.toDays({ integral: false });
  if (!Number.isInteger(days) || days > MOST_SNAPSHOT_DAYS) {
    return `snapshotRetention must be a whole number of days from 0 to ${MOST_SNAPSHOT_DAYS}, received ${snapshotRetention.toString()}`;
  }
  return days === 0 && dailySnapshotTime !== undefined
    ? `without snapshots there is no time for them, received snapshotRetention 0 days and dailySnapshotTime ${dailySnapshotTime}: leave one of them out`
    : undefined;
};

const finalSnapshot: Rule = ({ finalSnapshotName, removalPolicy }) => {
  if (finalSnapshotName === undefined) {
    return undefined;
  }
  if (removalPolicy !== RemovalPolicy.SNAPSHOT) {
    return `only RemovalPolicy.SNAPSHOT takes a last snapshot, received finalSnapshotName with the removalPolicy ${removalPolicy}: leave one of them out`;
  }
  return Token.isUnresolved(finalSnapshotName) || (NAME.test(finalSnapshotName) && finalSnapshotName.length <= 255)
    ? undefined
    : `finalSnapshotName must be up to 255 lower-case letters, digits and single hyphens, a letter first and no hyphen last, received ${JSON.stringify(finalSnapshotName)}`;
};

const names: Rule = ({ serverlessCacheName, allowReplacement, description }) => {
  if (serverlessCacheName !== undefined && !Token.isUnresolved(serverlessCacheName)) {
    if (!NAME.test(serverlessCacheName) || serverlessCacheName.length > 40) {
      return `serverlessCacheName must be up to 40 lower-case letters, digits and single hyphens, a letter first and no hyphen last, received ${JSON.stringify(serverlessCacheName)}`;
    }
  }
  if (serverlessCacheName !== undefined && allowReplacement !== undefined) {
    return 'a cache with a given name is replaced by giving it another, received both serverlessCacheName and allowReplacement: change the name, and leave allowReplacement out';
  }
  return Token.isUnresolved(description) || /^[^<>\r\n]{1,255}$/.test(description)
    ? undefined
    : `description must be one line of 1 to 255 characters without < and >, received ${JSON.stringify(description)}`;
};

const RULES: readonly Rule[] = [engineVersion, limits, snapshots, finalSnapshot, names];
