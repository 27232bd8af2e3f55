import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { SessionLoadBalancer, Stickiness } from 'cdk-sessions';
import { type LocalCloud, type LocalService, startLocal } from 'cdk-sessions-local';
import { ShopService } from '../../examples/shop-service.js';
import { shopStore } from '../../examples/shop-store.js';
import { Visitor } from '../../examples/visitor.js';

const VISITORS = 1000;
const AT_ONCE = 20;
const TASKS = 10;

/** Each of these keeps sessions in a place of its own; the last three with the same server. */
const STORES = ['memory', 'table', 'replication-group', 'serverless-cache'] as const;

const rows: string[][] = [];
let assembly: string;

beforeAll(async () => {
  assembly = await mkdtemp(path.join(tmpdir(), 'target-killed-'));
  const app = new App({ outdir: assembly });
  for (const store of STORES) {
    shopOf(store, new Stack(app, store, { env: { region: 'us-east-1' } }));
  }
  app.synth();
}, 60_000);

afterAll(async () => {
  await rm(assembly, { recursive: true, force: true });
  const title = `${VISITORS} visitors, ${TASKS} targets, one added, one killed`;
  const table = [['sessions in', 'reach the added one', 'lost with the killed one'], ...rows];
  console.info(
    [title, ...table.map((row) => row.map((cell, at) => cell.padEnd(at === 0 ? 18 : 26)).join(''))].join('\n'),
  );
});

function shopOf(store: (typeof STORES)[number], stack: Stack): void {
  const server = (sample: string) => path.join(__dirname, '../../examples', sample, 'server.ts');
  const secrets = { SESSION_SECRET: ecs.Secret.fromSecretsManager(new Secret(stack, 'CookieSecret')) };
  const { vpc, service } = new ShopService(stack, 'Shop', {
    entry: server(store === 'memory' ? 'sticky-legacy' : 'fargate-shop'),
    tasks: TASKS,
    ...(store === 'memory' && { secrets }),
  });
  if (store !== 'memory') {
    shopStore(stack, store, { vpc, certificateArn: undefined }).attachEcsService(service);
  }
  new SessionLoadBalancer(stack, 'Front', { vpc }).addEcsService('Shop', service, {
    stickiness: store === 'memory' ? Stickiness.loadBalancerCookie(Duration.days(1)) : Stickiness.none(),
  });
}

/** Does something for each visitor, some at a time. */
async function forEach(visitors: readonly Visitor[], act: (visitor: Visitor) => Promise<unknown>): Promise<void> {
  const left = [...visitors];
  const worker = async () => {
    for (let visitor = left.pop(); visitor !== undefined; visitor = left.pop()) {
      await act(visitor);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Which instances answer now. */
async function instancesOf({ members }: LocalService): Promise<Set<string>> {
  const views = await Promise.all(members.map(({ port }) => new Visitor(`http://127.0.0.1:${port}`).look()));
  return new Set(views.map(({ instance }) => instance));
}

function percent(count: number): string {
  return `${((100 * count) / VISITORS).toFixed(1)} %`;
}

test.each(STORES)(
  '%s',
  async (store) => {
    const cloud: LocalCloud = await startLocal({ assembly, stacks: [store] });
    try {
      const [front] = cloud.fronts;
      const [service] = cloud.services;
      if (front === undefined || service === undefined) {
        throw new Error(`the stack must have a front and a service: ${JSON.stringify(cloud.unsupported)}`);
      }
      const visitors = Array.from({ length: VISITORS }, () => new Visitor(front.url));
      await forEach(visitors, (visitor) => visitor.add('mug'));

      const before = await instancesOf(service);
      expect(before.size).toBe(TASKS);
      await service.scale(TASKS + 1);
      let reached = 0;
      await forEach(visitors, async (visitor) => {
        const { instance, cart } = await visitor.look();
        expect(cart).toEqual({ mug: 1 });
        reached += before.has(instance) ? 0 : 1;
      });

      await service.kill(service.members[0]?.id ?? '');
      while (service.members.length <= TASKS || service.members.some(({ state }) => state !== 'running')) {
        await pause(100);
      }
      let lost = 0;
      await forEach(visitors, async (visitor) => {
        const { cart } = await visitor.look();
        lost += cart['mug'] === 1 ? 0 : 1;
      });

      rows.push([store, percent(reached), percent(lost)]);
      if (store === 'memory') {
        expect(reached).toBe(0);
        expect(lost).toBeGreaterThan(VISITORS / TASKS / 2);
        expect(lost).toBeLessThan((2 * VISITORS) / TASKS);
      } else {
        expect(reached).toBeGreaterThan(VISITORS / TASKS / 2);
        expect(lost).toBe(0);
      }
    } finally {
      await cloud.stop();
    }
  },
  120_000,
);
