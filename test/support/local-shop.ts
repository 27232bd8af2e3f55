import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type LocalCall, type LocalCloud, type LocalOptions, startLocal } from 'cdk-sessions-local';
import { RedisShopStack } from '../../examples/redis-shop/stack.js';
import { ServerlessShopStack } from '../../examples/serverless-shop/stack.js';
import type { CfnTemplate } from './template.js';

const env = { region: 'us-east-1' };

/** The samples that have a shop. */
const SAMPLES = {
  /** With a table, and with both fronts. */
  'serverless-shop': (app: App): Stack =>
    new ServerlessShopStack(app, 'ServerlessShop', {
      env,
      certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000',
    }),
  /** With a cache, and with a function URL. */
  'redis-shop': (app: App): Stack => new RedisShopStack(app, 'RedisShop', { env }),
} as const;

/** A sample with all its fronts, synthesized and running on this machine. */
export class LocalShop {
  static async open(
    options: Omit<LocalOptions, 'assembly' | 'onCall'> = {},
    sample: keyof typeof SAMPLES = 'serverless-shop',
  ): Promise<LocalShop> {
    const outdir = mkdtempSync(join(tmpdir(), `${sample}-`));
    const app = new App({ outdir });
    const stack = SAMPLES[sample](app);
    const template = Template.fromStack(stack).toJSON() as CfnTemplate;
    app.synth();
    const calls: LocalCall[] = [];
    const cloud = await startLocal({ ...options, assembly: outdir, onCall: (call) => calls.push(call) });
    return new LocalShop(cloud, calls, template, outdir);
  }

  private constructor(
    readonly cloud: LocalCloud,
    /** Every call that the function made to DynamoDB, in order. */
    readonly calls: readonly LocalCall[],
    readonly template: CfnTemplate,
    private readonly outdir: string,
  ) {}

  /** The address of the function URL. */
  get functionUrl(): string {
    return this.front('function-url');
  }

  /** The address of the load balancer's listener that leads to the shop. */
  get loadBalancer(): string {
    return this.front('load-balancer');
  }

  /** One of each kind, the function URL first. */
  get fronts(): readonly string[] {
    const balanced = this.cloud.fronts.some(({ kind }) => kind === 'load-balancer');
    return [this.functionUrl, ...(balanced ? [this.loadBalancer] : [])];
  }

  /** The calls that the function makes to DynamoDB while something is going on. */
  async callsDuring(run: () => Promise<unknown>): Promise<readonly LocalCall[]> {
    const before = this.calls.length;
    await run();
    return this.calls.slice(before);
  }

  /** The logical id of a table, by the name that calls have. */
  logicalIdOf(table: string): string {
    const found = this.cloud.tables.find(({ name }) => name === table);
    if (found === undefined) {
      throw new Error(`the sample has no table ${table}`);
    }
    return found.logicalId;
  }

  async close(): Promise<void> {
    await this.cloud.stop();
    rmSync(this.outdir, { recursive: true });
  }

  private front(kind: LocalCloud['fronts'][number]['kind']): string {
    const front = this.cloud.fronts.find((candidate) => candidate.kind === kind);
    if (front === undefined) {
      throw new Error(`the sample has no front of the kind ${kind}`);
    }
    return front.url;
  }
}
