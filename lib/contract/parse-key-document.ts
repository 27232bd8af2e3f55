import { BITS_256 } from './base64url.js';
import { Field, parseJson, readVersion } from './field.js';
import { INITIAL_KEY, KEY_DOCUMENT_VERSION, KEY_ID, type KeyDocument, type MasterKey, MOST_KEYS } from './keys.js';

const ID = new RegExp(`^${KEY_ID}$`);
const SECRET = new RegExp(`^${BITS_256}$`);
/** No time in seconds for three thousand years, and every one in milliseconds since 1973. */
const LATEST = 99_999_999_999;
const INITIAL = new RegExp(`^[A-Za-z0-9]{${INITIAL_KEY.length}}$`);

/**
 * Reads the keys out of the text of a secret, be it the first document or one of the function that rotates them.
 *
 * @throws ContractError if it is not JSON, of a newer version, or has a field that is missing or wrong. The message
 * names the field and holds nothing of its value.
 */
export function parseKeyDocument(text: string): KeyDocument {
  const root = Field.secretRoot(parseJson(text));
  const version = readVersion(root, KEY_DOCUMENT_VERSION);
  const keys = root.field('keys');
  const initial = root.field(INITIAL_KEY.field);
  if (!initial.present) {
    return { version, keys: readKeys(keys) };
  }
  if (keys.present) {
    throw initial.fault('left out beside keys');
  }
  return { version, keys: [initialKey(initial)] };
}

function initialKey(initial: Field): MasterKey {
  const random = initial.textLike(INITIAL, `${INITIAL_KEY.length} letters and digits`);
  return { id: INITIAL_KEY.id, secret: random + INITIAL_KEY.completion, createdAt: 0 };
}

function readKeys(list: Field): readonly MasterKey[] {
  const ids = new Set<string>();
  let newerAt = Number.POSITIVE_INFINITY;
  return list.items(MOST_KEYS).map((item) => {
    const key = {
      id: item.field('id').textLike(ID, '1 to 32 letters, digits, hyphens and underscores'),
      secret: item.field('secret').textLike(SECRET, '32 bytes in canonical base64url, which are 43 characters'),
      createdAt: item.field('createdAt').integer(0),
    };
    if (ids.has(key.id)) {
      throw item.field('id').fault('that of no other key');
    }
    if (key.createdAt > LATEST) {
      throw item.field('createdAt').fault('in epoch seconds');
    }
    if (key.createdAt > newerAt) {
      throw item.field('createdAt').fault('no later than that of the key before it');
    }
    ids.add(key.id);
    newerAt = key.createdAt;
    return key;
  });
}
