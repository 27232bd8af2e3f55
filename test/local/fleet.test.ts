import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FLEET_PACE, Fleet, type FleetOptions, type FleetPace } from '../../lib/local/fleet.js';
import type { FleetDefinition } from '../../lib/local/fleet-definition.js';
import type { PreparedProgram } from '../../lib/local/fleet-member.js';
import { close, listen } from '../../lib/local/http.js';
import type { LocalMember } from '../../lib/local/local-service.js';
import type { ServerTarget, TargetState } from '../../lib/local/targets.js';
import { removeFolders, temporaryFolder } from './fixture.js';
import { isRunning } from './processes.js';
import { SERVER } from './services.js';

const PACE: FleetPace = { ...FLEET_PACE, notice: 50, retry: 50, longestRetry: 200, lasting: 100_000, patience: 5000 };

const fleets: Fleet[] = [];
const servers: Server[] = [];
const lines: string[] = [];

afterEach(async () => {
  await Promise.all([...fleets.splice(0).map((fleet) => fleet.close()), ...servers.splice(0).map(close)]);
  lines.length = 0;
});
afterAll(removeFolders);

/** Target groups that write down what happens to them. */
class RecordedTargets {
  readonly registered = new Map<string, ServerTarget>();
  readonly events: string[] = [];
  /** Of all that are registered. */
  health: TargetState = 'healthy';
  /** Settles when the requests under way are over. */
  drained: () => Promise<unknown> = async () => {};

  register(_: string, target: ServerTarget): void {
    this.events.push(`register ${target.id}`);
    this.registered.set(target.id, target);
  }

  async deregister(_: string, id: string): Promise<void> {
    if (this.registered.delete(id)) {
      await this.drained();
      this.events.push(`deregister ${id}`);
    }
  }

  state(_: string, id: string): TargetState | undefined {
    return this.registered.has(id) ? this.health : undefined;
  }
}

interface FleetTrial extends Partial<Omit<FleetDefinition, 'programs'>> {
  readonly source?: string;
  readonly command?: PreparedProgram['command'];
  readonly programs?: readonly Partial<PreparedProgram>[];
  readonly pace?: Partial<FleetPace>;
}

/** A fleet of processes of one source file. */
async function fleetOf({ source = SERVER, command, programs = [{}], pace, ...definition }: FleetTrial = {}) {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'server.js'), source);
  const targets = new RecordedTargets();
  const options: FleetOptions = {
    programs: programs.map((program) => ({
      name: 'web',
      command: command ?? (() => [process.execPath, 'server.js']),
      folder,
      environment: { PATH: process.env['PATH'] ?? '' },
      port: 8080,
      ...program,
    })),
    targets,
    log: (line) => lines.push(line),
    pace: { ...PACE, ...pace },
  };
  const fleet = new Fleet(
    {
      resource: {
        stack: {
          name: 'Web',
          artifactId: 'Web',
          region: 'us-east-1',
          template: {},
          assets: new Map(),
          images: new Map(),
        },
        logicalId: 'Service',
        type: 'AWS::ECS::Service',
        path: 'Web/Service',
        properties: {},
      },
      kind: 'ecs-service',
      name: 'shop',
      desired: 2,
      minimum: 0,
      maximum: 10,
      programs: [],
      registrations: [{ targetGroupArn: 'group', program: 'web' }],
      stopTimeout: 5000,
      stopsAll: false,
      limits: [],
      ...definition,
    },
    options,
  );
  fleets.push(fleet);
  return { fleet, targets, folder };
}

async function until(holds: () => boolean | Promise<boolean>, what: string) {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error(`it never came to be that ${what}: ${lines.join(' | ')}`);
    }
    await pause(10);
  }
}

function first({ members }: Fleet): LocalMember {
  const [member] = members;
  if (member === undefined) {
    throw new Error('it has no member');
  }
  return member;
}

async function about({ port }: LocalMember): Promise<{ readonly pid: number; readonly env: NodeJS.ProcessEnv }> {
  return JSON.parse(await (await fetch(`http://127.0.0.1:${port}/`)).text());
}

test('starts its members, each on a port of its own that it is told of', async () => {
  const { fleet, targets } = await fleetOf();
  expect(fleet.members.map(({ state }) => state)).toEqual(['starting', 'starting']);
  await fleet.settled();
  expect(fleet.members.map(({ state, health }) => [state, health])).toEqual([
    ['running', 'healthy'],
    ['running', 'healthy'],
  ]);
  const ports = fleet.members.map(({ port }) => port);
  expect(new Set(ports).size).toBe(2);
  expect(fleet.members.map(({ id }) => targets.registered.get(id))).toEqual(
    fleet.members.map(({ id, port }) => ({ id, host: '127.0.0.1', port })),
  );
  for (const member of fleet.members) {
    expect((await about(member)).env['PORT']).toBe(String(member.port));
  }
});

test('passes on what they write, under their names', async () => {
  const { fleet } = await fleetOf({ desired: 1 });
  await fleet.settled();
  await until(() => lines.includes(`Web/Service #${first(fleet).id} listening`), 'its line is passed on');
});

test('gives what does not listen no port', async () => {
  const { fleet } = await fleetOf({
    desired: 1,
    source: 'console.log(process.env.PORT); setInterval(() => {}, 1000);',
    programs: [{ port: undefined }],
    registrations: [],
  });
  await fleet.settled();
  expect(fleet.members).toEqual([{ id: first(fleet).id, state: 'running' }]);
  await until(() => lines.includes(`Web/Service #${first(fleet).id} undefined`), 'its line is passed on');
});

describe('stop', () => {
  test('lets a member answer what it has, then asks it to end; another takes its place meanwhile', async () => {
    const { fleet, targets } = await fleetOf({ desired: 1 });
    await fleet.settled();
    const member = first(fleet);
    const { pid } = await about(member);
    const slow = fetch(`http://127.0.0.1:${member.port}/slow`).then((response) => response.text());
    await pause(50);
    targets.drained = () => slow;
    const stopped = fleet.stop(member.id);
    expect(targets.registered.has(member.id)).toBe(false);
    expect(fleet.members.map(({ id, state }) => [id === member.id, state])).toEqual([
      [false, 'starting'],
      [true, 'stopping'],
    ]);
    expect(await slow).toBe('slow but whole');
    await stopped;
    expect(lines).toContain(`Web/Service #${member.id} asked to end`);
    expect(await isRunning(pid)).toBe(false);
    await fleet.settled();
    expect(fleet.members.map(({ id, state }) => [id === member.id, state])).toEqual([[false, 'running']]);
    expect(targets.events).toEqual([`register ${member.id}`, `register ${first(fleet).id}`, `deregister ${member.id}`]);
  });

  test('kills a member that does not end in its time', async () => {
    const source = `${SERVER} process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => console.log('no'));`;
    const { fleet } = await fleetOf({ desired: 1, source, stopTimeout: 200 });
    await fleet.settled();
    const member = first(fleet);
    const { pid } = await about(member);
    await fleet.stop(member.id);
    expect(lines).toContain(`Web/Service #${member.id} no`);
    expect(await isRunning(pid)).toBe(false);
  });

  test.each([
    [false, 'the program only'],
    [true, 'all that it has started'],
  ])('with stopsAll %s asks %s', async (stopsAll) => {
    const source = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => { console.log("child too"); process.exit(); }); console.log("ready"); setInterval(() => {}, 1000);'], { stdio: 'inherit' });
      process.on('SIGTERM', () => setTimeout(() => process.exit(), 300));
    `;
    const { fleet } = await fleetOf({
      desired: 1,
      source,
      stopsAll,
      programs: [{ port: undefined }],
      registrations: [],
    });
    const member = first(fleet);
    await until(() => lines.includes(`Web/Service #${member.id} ready`), 'its child runs');
    await fleet.stop(member.id);
    expect(lines.includes(`Web/Service #${member.id} child too`)).toBe(stopsAll);
  });

  test('refuses what is none of its members', async () => {
    const { fleet } = await fleetOf({ desired: 1 });
    const message = `Web/Service has no member other: it has ${first(fleet).id}`;
    await expect(fleet.stop('other')).rejects.toMatchObject({ code: 'ERR_LOCAL_OPTION', message });
    await expect(fleet.kill('other')).rejects.toMatchObject({ code: 'ERR_LOCAL_OPTION', message });
  });
});

test('kill ends a member at once; it is replaced when that is noticed', async () => {
  const { fleet, targets } = await fleetOf({ desired: 2 });
  await fleet.settled();
  const [killed, other] = fleet.members;
  const { pid } = await about(first(fleet));
  const slow = fetch(`http://127.0.0.1:${killed?.port}/slow`).then(
    () => 'answered',
    () => 'cut',
  );
  await pause(50);
  await fleet.kill(killed?.id ?? '');
  expect(await isRunning(pid)).toBe(false);
  expect(await slow).toBe('cut');
  expect(targets.registered.has(killed?.id ?? '')).toBe(true);
  await until(() => targets.registered.size === 2 && !targets.registered.has(killed?.id ?? ''), 'it is replaced');
  expect(fleet.members[0]?.id).toBe(other?.id);
  expect(lines).toContain(`Web/Service #${killed?.id} ended by SIGKILL`);
});

test('kill ends what a member has started, too', async () => {
  const source = `
    const child = require('node:child_process').spawn('sleep', ['1000']);
    console.log('child', child.pid);
    setInterval(() => {}, 1000);
  `;
  const { fleet } = await fleetOf({ desired: 1, source, programs: [{ port: undefined }], registrations: [] });
  const pidOf = () => Number(/child (\d+)/.exec(lines.join('\n'))?.[1]);
  await until(() => pidOf() > 0, 'its child runs');
  const pid = pidOf();
  await fleet.kill(first(fleet).id);
  await until(async () => !(await isRunning(pid)), 'its child is gone');
});

describe('scale', () => {
  test('adds members, and takes the youngest away', async () => {
    const { fleet } = await fleetOf({ desired: 1 });
    await fleet.settled();
    const oldest = first(fleet);
    await fleet.scale(3);
    expect(fleet.members.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
    const pids = await Promise.all(fleet.members.map(async (member) => (await about(member)).pid));
    await fleet.scale(1);
    expect(fleet.members).toEqual([oldest]);
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, false, false]);
    await fleet.scale(0);
    expect(fleet.members).toEqual([]);
  });

  test.each([
    [1, 'a whole number from 2 to 4, received 1'],
    [5, 'a whole number from 2 to 4, received 5'],
    [2.5, 'a whole number from 2 to 4, received 2.5'],
  ])('to %d is refused: %s', async (count, message) => {
    const { fleet } = await fleetOf({ minimum: 2, maximum: 4 });
    await expect(fleet.scale(count)).rejects.toMatchObject({
      code: 'ERR_LOCAL_OPTION',
      message: `the size of Web/Service must be ${message}`,
    });
  });

  test('stays within what a machine can carry', async () => {
    const { fleet } = await fleetOf({ desired: 0, maximum: Number.POSITIVE_INFINITY });
    await expect(fleet.scale(51)).rejects.toThrow('must be a whole number from 0 to 50');
  });
});

test('recycle replaces the members one after the other, and never has fewer', async () => {
  const { fleet, targets } = await fleetOf();
  await fleet.settled();
  const before = fleet.members.map(({ id }) => id);
  let fewest = Number.POSITIVE_INFINITY;
  const watch = setInterval(() => {
    fewest = Math.min(fewest, targets.registered.size);
  }, 1);
  await fleet.recycle();
  clearInterval(watch);
  expect(fewest).toBe(2);
  expect(fleet.members.map(({ state }) => state)).toEqual(['running', 'running']);
  expect(fleet.members.filter(({ id }) => before.includes(id))).toEqual([]);
});

describe('recycle, while a new member is not healthy yet,', () => {
  /** A fleet of one whose second member has come up. */
  async function recyclingFleet() {
    const { fleet, targets } = await fleetOf({ desired: 1 });
    await fleet.settled();
    const old = first(fleet);
    targets.health = 'initial';
    const recycled = fleet.recycle();
    await until(() => targets.registered.size === 2, 'another member is registered');
    return { fleet, targets, old, recycled };
  }

  test('leaves as many members as there are to be, if that one is scaled away', async () => {
    const { fleet, targets, recycled } = await recyclingFleet();
    const scaled = fleet.scale(1);
    targets.health = 'healthy';
    await Promise.all([scaled, recycled]);
    await fleet.settled();
    expect(fleet.members.map(({ state }) => state)).toEqual(['running']);
  });

  test('lets a member that is stopped meanwhile answer what it has', async () => {
    const { fleet, targets, old, recycled } = await recyclingFleet();
    const slow = fetch(`http://127.0.0.1:${old.port}/slow`).then((response) => response.text());
    await pause(50);
    targets.drained = () => slow;
    const stopped = fleet.stop(old.id);
    targets.health = 'healthy';
    await recycled;
    expect(lines).not.toContain(`Web/Service #${old.id} asked to end`);
    expect(await slow).toBe('slow but whole');
    await stopped;
    expect(fleet.members.map(({ state }) => state)).toEqual(['running']);
  });
});

test('a process that cannot even be tried is told of, and those beside it end', async () => {
  const { fleet } = await fleetOf({
    desired: 1,
    programs: [{ name: 'fine' }, { name: 'odd', environment: { ODD: 'a\0b' } }],
  });
  await until(() => lines.some((line) => /ended before it began: .*null bytes/.test(line)), 'it is told');
  await fleet.close();
  expect(lines.filter((line) => line.endsWith('listening'))).toEqual([]);
});

describe('a member that ends by itself', () => {
  test('is replaced', async () => {
    const { fleet } = await fleetOf({ desired: 1, pace: { lasting: 0 } });
    await fleet.settled();
    const { id, port } = first(fleet);
    await fetch(`http://127.0.0.1:${port}/crash`).catch(() => {});
    await until(() => fleet.members.some((member) => member.id !== id && member.state === 'running'), 'it is replaced');
    expect(lines).toContain(`Web/Service #${id} ended with exit code 3`);
  });

  test('again and again is replaced ever more slowly, and that nothing stays up is told once', async () => {
    const { fleet } = await fleetOf({ desired: 2, source: 'console.log("started"); process.exit(7);' });
    await until(() => lines.filter((line) => line.endsWith('started')).length >= 10, 'it is tried again');
    expect(lines.filter((line) => line.includes('ended with exit code 7')).length).toBeLessThan(9);
    expect(lines.filter((line) => line.includes('none of its processes stays up'))).toEqual([
      'Web/Service: none of its processes stays up, the last one ended with exit code 7: it is tried again, ever less often',
    ]);
    expect(fleet.members.length).toBeLessThanOrEqual(2);
  });

  test('for want of its program says so', async () => {
    await fleetOf({ desired: 1, command: () => ['no-such-program'] });
    await until(() => lines.some((line) => /no-such-program.*not found/.test(line)), 'it is said');
    await until(() => lines.some((line) => line.includes('ended with exit code 127')), 'it is said how it ended');
  });

  test('takes the other processes of its member with it', async () => {
    const { fleet } = await fleetOf({
      desired: 1,
      programs: [
        {},
        {
          name: 'sidecar',
          port: undefined,
          command: () => [process.execPath, '-e', 'setTimeout(() => process.exit(4), 500)'],
        },
      ],
    });
    await fleet.settled();
    const member = first(fleet);
    const { pid } = await about(member);
    await until(async () => !(await isRunning(pid)), 'the server is gone as well');
    expect(lines).toContain(`Web/Service #${member.id}/web asked to end`);
  });
});

describe('a member that does not listen on its port', () => {
  const trial = async (port: number) => {
    const { fleet } = await fleetOf({
      desired: 1,
      source: 'setInterval(() => {}, 1000);',
      programs: [{ port }],
      pace: { patience: 200 },
    });
    await fleet.settled();
    await until(() => lines.some((line) => line.includes('does not listen')), 'it is said');
    const { id, port: own, state } = first(fleet);
    expect(state).toBe('starting');
    return { said: lines.filter((line) => line.includes('does not listen')), id, own };
  };

  test('is told how to find it, if something listens on its port in AWS', async () => {
    const server = createServer();
    servers.push(server);
    const taken = await listen(server, 0);
    const { said, id, own } = await trial(taken);
    expect(said).toEqual([
      `Web/Service #${id} web does not listen on port ${own} after 0.2 s, while somebody listens on ${taken}, its port in AWS: let it listen on the port that the variable PORT names, not on a fixed one`,
    ]);
  });

  test('gets no requests, and that is told', async () => {
    const { said } = await trial(1);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('so it gets no requests: let it listen on the port that the variable PORT names');
  });
});

test('close ends all members, also those that do not want to', async () => {
  const source = `${SERVER} process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {});`;
  const { fleet, targets } = await fleetOf({ source, pace: { farewell: 100 } });
  await fleet.settled();
  const pids = await Promise.all(fleet.members.map(async (member) => (await about(member)).pid));
  await fleet.close();
  expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]);
  await pause(200);
  expect(targets.events.filter((event) => event.startsWith('register'))).toHaveLength(2);
});
