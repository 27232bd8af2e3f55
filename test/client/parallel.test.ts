import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type ParallelLoad, ParallelVisit } from '../../bench/parallel-visit';
import { CONTRACT_VERSION, SESSIONS_VARIABLE, type SessionContract } from '../../lib/contract/environment';
import { STANDARD_POLICY } from '../../lib/contract/policy';
import { DEPLOYED_STORES, type DeployedStore, startDeployedStore } from '../support/deployed-store';

let folder: string;
let script: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parallel-'));
  script = join(folder, 'worker.js');
  const entry = join(__dirname, '../../bench/parallel-worker.ts');
  await build({ entryPoints: [entry], outfile: script, bundle: true, platform: 'node', target: 'node20' });
});

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(DEPLOYED_STORES)(
  'of parallel requests that all loaded one session before the first saved it, none is lost on %s',
  (kind) => {
    let deployed: DeployedStore;
    let environment: NodeJS.ProcessEnv;
    let visit: ParallelVisit | undefined;

    beforeAll(async () => {
      environment = process.env;
      deployed = await startDeployedStore(kind);
      const contract: SessionContract = {
        version: CONTRACT_VERSION,
        stores: { primary: deployed.contract },
        policy: STANDARD_POLICY,
      };
      process.env = { ...environment, ...deployed.environment, [SESSIONS_VARIABLE]: JSON.stringify(contract) };
    });

    afterEach(async () => {
      await visit?.stop();
      visit = undefined;
    });

    afterAll(async () => {
      process.env = environment;
      await deployed.stop();
    });

    /** Serves all requests, refuses none of their saves with a 503, and tells what the session holds then. */
    async function heldAfter(load: ParallelLoad): Promise<Readonly<Record<string, number>>> {
      visit = await ParallelVisit.begin(script, load);
      const served = await visit.serve();
      expect(served).toHaveLength(load.processes * load.requestsEach);
      expect(served.filter(({ savesRefused }) => savesRefused > 0)).toEqual([]);
      return visit.held();
    }

    test('200 that set a key of their own each, in four processes, leave 200 keys', async () => {
      const keys = Array.from({ length: 200 }, (_, number) => [`request-${number}`, number]);
      const held = await heldAfter({ processes: 4, requestsEach: 50, path: '/set' });
      expect(held).toEqual({ begun: 1, ...Object.fromEntries(keys) });
    });

    test('200 that count in one key, in four processes, count to 200', async () => {
      const held = await heldAfter({ processes: 4, requestsEach: 50, path: '/count' });
      expect(held).toEqual({ begun: 1, count: 200 });
    });

    test('20 that count in one key, each in a process of its own as in Lambda, count to 20', async () => {
      const held = await heldAfter({ processes: 20, requestsEach: 1, path: '/count' });
      expect(held).toEqual({ begun: 1, count: 20 });
    });
  },
);
