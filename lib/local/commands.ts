import { LocalError } from './errors.js';
import type { LocalCloud } from './local.js';
import type { LocalService } from './local-service.js';

/** What may be typed while a cloud runs. */
export const COMMANDS = `r                         recycle: replace every instance of a function and every member of a service
  services                  list the services with their members
  scale [SERVICE] N         have N members of a service, which is named by its path, its name or its logical id;
                            if there is one service it need not be named
  stop MEMBER               stop a member: no new requests, SIGTERM when it has answered those that it has
  kill MEMBER               end a member at once`;

type Cloud = Pick<LocalCloud, 'services' | 'recycle'>;

/**
 * Does what was typed. Settles with what to say when it is done.
 *
 * @throws LocalError ERR_LOCAL_OPTION if it cannot be done.
 */
export async function runTyped(line: string, cloud: Cloud): Promise<string> {
  const [command = '', ...words] = line.trim().split(/\s+/);
  switch (command) {
    case '':
      return '';
    case 'r':
      await cloud.recycle();
      return 'all instances are recycled';
    case 'services':
      return describeServices(cloud.services).join('\n') || 'there are no services';
    case 'scale': {
      const count = words.at(-1) ?? '';
      if (!/^\d{1,9}$/.test(count)) {
        throw refused(`scale must be told how many members there are to be, received ${count || 'nothing'}`);
      }
      const service = serviceOf(words.slice(0, -1).join(' '), cloud.services);
      await service.scale(Number(count));
      return describeServices([service]).join('\n');
    }
    case 'stop':
    case 'kill': {
      const [id = ''] = words;
      await holderOf(id, cloud.services)[command](id);
      return `${id} is gone`;
    }
    default:
      throw refused(`${command} is no command: there are r, services, scale, stop and kill, and --help shows how`);
  }
}

/** A line for each service and for each of its members. */
export function describeServices(services: readonly LocalService[]): readonly string[] {
  return services.flatMap(({ kind, name, path, members }) => [
    `${kind === 'ecs-service' ? 'service' : 'Auto Scaling group'} ${name}  ${path}`,
    ...members.map(({ id, port, state, health }) => {
      const where = port === undefined ? '' : ` on 127.0.0.1:${port}`;
      return `  ${id}${where}, ${health === undefined ? state : `${state}, ${health}`}`;
    }),
  ]);
}

function serviceOf(named: string, services: readonly LocalService[]): LocalService {
  const found =
    named === ''
      ? services
      : services.filter(
          ({ path, name, logicalId }) => `${path}/`.startsWith(`${named}/`) || [name, logicalId].includes(named),
        );
  const [service, ...others] = found;
  if (service === undefined || others.length > 0) {
    const known = services.map(({ path }) => path).join(', ') || 'none';
    throw refused(
      `${named === '' ? 'a service must be named' : `there is no one service ${named}`}: there are ${known}`,
    );
  }
  return service;
}

function holderOf(id: string, services: readonly LocalService[]): LocalService {
  const found = services.find(({ members }) => members.some((member) => member.id === id));
  if (found === undefined) {
    const known = services.flatMap(({ members }) => members.map((member) => member.id)).join(', ') || 'none';
    throw refused(`there is no member ${id === '' ? 'without a name' : id}: there are ${known}`);
  }
  return found;
}

function refused(message: string): LocalError {
  return new LocalError('ERR_LOCAL_OPTION', message);
}
