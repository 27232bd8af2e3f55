/**
 * Brings the server that the tests of caches start, which no npm package carries: by the system's package manager, where
 * that may be done without asking. Where it may not, it says how, and `npm test` ends here.
 */
import { spawnSync } from 'node:child_process';

const SERVERS = ['redis-server', 'valkey-server'];

/** By its command: how a package manager is told. */
const MANAGERS = {
  'apt-get': {
    root: true,
    steps: [
      ['update', '-qq'],
      ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'],
    ],
  },
  dnf: { root: true, steps: [['install', '-y', '-q', 'valkey']] },
  apk: { root: true, steps: [['add', '--quiet', 'redis']] },
  brew: { root: false, steps: [['install', '--quiet', 'redis']] },
};

function runs(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function isThere() {
  return SERVERS.some((server) => runs(server, '--version'));
}

function install() {
  for (const [manager, { root, steps }] of Object.entries(MANAGERS)) {
    if (!runs(manager, '--version')) {
      continue;
    }
    const isRoot = process.getuid?.() === 0;
    if (root && !isRoot && !runs('sudo', '-n', 'true')) {
      return;
    }
    const before = root && !isRoot ? ['sudo', '-n', manager] : [manager];
    console.log(`redis-server is not there: ${manager} installs it`);
    for (const step of steps) {
      const [command, ...args] = [...before, ...step];
      spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    }
    return;
  }
}

if (!isThere()) {
  install();
}
if (!isThere()) {
  console.error(
    'the tests of caches start redis-server or valkey-server, and neither is there: ' +
      'apt-get install redis-server, dnf install valkey, apk add redis, or brew install redis',
  );
  process.exitCode = 1;
}
