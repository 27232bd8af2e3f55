import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { sealData, unsealData } from 'iron-session';
import { KeyRing } from '../lib/client/keys/key-ring.js';
import { openRecord, sealRecord } from '../lib/client/keys/record-seal.js';
import { KEY_DOCUMENT_VERSION } from '../lib/contract/keys.js';
import { cpuPerRun } from './cpu.js';
import { printTable } from './table.js';
import { visitorData } from './visitor-data.js';

/** How many times what `node:crypto` takes ours may take. */
const MOST = 1.3;

/** How many times what ours takes, JSON included, iron-session is to take. */
const LEAST_OF_PEER = 10;

const REPETITION = { rounds: 25, runsPerRound: 500, inFlight: 1 };

const DATA = visitorData(1024);
const RECORD = Buffer.from(JSON.stringify(DATA));
const SESSION_KEY = randomBytes(32);
const SECRET = randomBytes(32);
const KEY = new KeyRing({
  version: KEY_DOCUMENT_VERSION,
  keys: [{ id: 'bench', secret: SECRET.toString('base64url'), createdAt: 0 }],
}).signer(Date.now());
const AUTHENTICATED = Buffer.concat([Buffer.of(3, KEY.id.length), Buffer.from(KEY.id), SESSION_KEY]);

/** Prints the CPU time of sealing 1 KB and opening it again, next to `node:crypto` by hand and to iron-session. */
export async function printSealing(): Promise<void> {
  const ways = [
    { label: 'node:crypto by hand', run: byHand },
    // Twice, for what the difference between two measurements of the same thing is.
    { label: 'node:crypto by hand, again', run: byHand },
    { label: 'cdk-sessions', run: ours },
    // What iron-session does: it takes and gives back data, not bytes.
    { label: 'cdk-sessions, JSON included', run: oursWithJson },
    { label: 'iron-session', run: peers },
  ];
  for (const { label, run } of ways) {
    check(label, await run());
  }
  const times = await cpuPerRun(ways, REPETITION);
  const [bare = Number.NaN, , , withJson = Number.NaN] = times;
  printTable(
    `CPU of sealing 1 KB and opening it again, medians of ${REPETITION.rounds} interleaved rounds`,
    ['way', 'µs', 'times by hand', 'times ours with JSON', 'target', ''],
    ways.map(({ label, run }, index) => {
      const time = times[index] ?? Number.NaN;
      const measured = [label, time.toFixed(1), (time / bare).toFixed(2), (time / withJson).toFixed(2)];
      if (run === ours) {
        return [...measured, `at most ${MOST} times by hand`, verdict(time / bare <= MOST)];
      }
      return run === peers
        ? [...measured, `at least ${LEAST_OF_PEER} times ours with JSON`, verdict(time / withJson >= LEAST_OF_PEER)]
        : [...measured, '', ''];
    }),
  );
}

function verdict(met: boolean): string {
  return met ? 'met' : 'not met';
}

/** The least that encrypts the same: no envelope, no check, and what is authenticated along is there from the start. */
async function byHand(): Promise<Uint8Array> {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', SECRET, nonce, { authTagLength: 16 });
  cipher.setAAD(AUTHENTICATED);
  const sealed = Buffer.allocUnsafe(12 + RECORD.length + 16);
  sealed.set(nonce);
  sealed.set(cipher.update(RECORD), 12);
  cipher.final();
  sealed.set(cipher.getAuthTag(), 12 + RECORD.length);

  const decipher = createDecipheriv('aes-256-gcm', SECRET, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(AUTHENTICATED);
  decipher.setAuthTag(sealed.subarray(-16));
  const opened = decipher.update(sealed.subarray(12, -16));
  decipher.final();
  return opened;
}

async function ours(): Promise<Uint8Array> {
  return openRecord(sealRecord(RECORD, SESSION_KEY, KEY), SESSION_KEY, KEY);
}

async function oursWithJson(): Promise<unknown> {
  const sealed = sealRecord(Buffer.from(JSON.stringify(DATA)), SESSION_KEY, KEY);
  return JSON.parse(Buffer.from(openRecord(sealed, SESSION_KEY, KEY)).toString());
}

async function peers(): Promise<unknown> {
  const password = SECRET.toString('base64url');
  return unsealData(await sealData(DATA, { password }), { password });
}

/** @throws Error if a way did not give back what it was given */
function check(label: string, result: unknown): void {
  const text = result instanceof Uint8Array ? Buffer.from(result).toString() : JSON.stringify(result);
  if (text !== RECORD.toString()) {
    throw new Error(`${label} does not give back what it was given`);
  }
}
