import { runTyped } from '../../lib/local/commands.js';
import type { LocalMember, LocalService } from '../../lib/local/local-service.js';

/** A service that writes down what it is told. */
function service(logicalId: string, members: readonly LocalMember[], told: string[]): LocalService {
  const note = (what: string) => async (argument: unknown) => {
    told.push(`${logicalId} ${what} ${argument}`);
  };
  return {
    stack: 'Web',
    logicalId,
    path: `Web/${logicalId}`,
    kind: 'ecs-service',
    name: `Web-${logicalId}`,
    members,
    scale: note('scale'),
    stop: note('stop'),
    kill: note('kill'),
  };
}

function cloudOf(...names: readonly string[]) {
  const told: string[] = [];
  const services = names.map((name) =>
    service(
      name,
      [
        { id: `${name}-1`, port: 1234, state: 'running', health: 'healthy' },
        { id: `${name}-2`, state: 'starting' },
      ],
      told,
    ),
  );
  const recycle = async () => {
    told.push('recycle');
  };
  return { told, type: (line: string) => runTyped(line, { services, recycle }) };
}

test('r recycles', async () => {
  const { told, type } = cloudOf();
  expect(await type(' r ')).toBe('all instances are recycled');
  expect(told).toEqual(['recycle']);
});

test('an empty line does nothing', async () => {
  const { told, type } = cloudOf('Shop');
  expect(await type('')).toBe('');
  expect(told).toEqual([]);
});

test('services lists them with their members', async () => {
  expect(await cloudOf().type('services')).toBe('there are no services');
  expect(await cloudOf('Shop').type('services')).toBe(
    'service Web-Shop  Web/Shop\n  Shop-1 on 127.0.0.1:1234, running, healthy\n  Shop-2, starting',
  );
});

test.each(['scale 3', 'scale Shop 3', 'scale Web/Shop 3', 'scale  Web-Shop  3'])(
  '%s scales the one that is meant',
  async (line) => {
    const { told, type } = cloudOf('Shop', ...(line === 'scale 3' ? [] : ['Other']));
    expect(await type(line)).toContain('service Web-Shop');
    expect(told).toEqual(['Shop scale 3']);
  },
);

test.each([
  ['stop Other-2', 'Other stop Other-2'],
  ['kill Shop-1', 'Shop kill Shop-1'],
])('%s reaches the service that has the member', async (line, expected) => {
  const { told, type } = cloudOf('Shop', 'Other');
  expect(await type(line)).toMatch(/is gone$/);
  expect(told).toEqual([expected]);
});

test.each([
  ['scale', 'scale must be told how many members there are to be, received nothing'],
  ['scale Shop', 'scale must be told how many members there are to be, received Shop'],
  ['scale Shop -1', 'scale must be told how many members there are to be, received -1'],
  ['scale 3', 'a service must be named: there are Web/Shop, Web/Other'],
  ['scale Blog 3', 'there is no one service Blog: there are Web/Shop, Web/Other'],
  ['stop', 'there is no member without a name: there are Shop-1, Shop-2, Other-1, Other-2'],
  ['kill x', 'there is no member x: there are Shop-1, Shop-2, Other-1, Other-2'],
  ['quit', 'quit is no command: there are r, services, scale, stop and kill, and --help shows how'],
])('%s is refused with what to do', async (line, message) => {
  const { told, type } = cloudOf('Shop', 'Other');
  await expect(type(line)).rejects.toMatchObject({ code: 'ERR_LOCAL_OPTION', message });
  expect(told).toEqual([]);
});
