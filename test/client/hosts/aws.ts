import type { LambdaSource } from '../../../lib/client/hosts/lambda-event.js';

/** What a visitor receives. Names of headers are in lower case. */
export interface Received {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/**
 * Turns a function's result into the response that AWS sends, by the rules that AWS documents, and by the worse one
 * where the documentation leaves room.
 *
 * @throws Error where AWS answers 502 for a malformed result.
 */
export function sentByAws(source: LambdaSource, result: unknown): Received {
  const reply = parse(source, result);
  return {
    status: Number(reply['statusCode']),
    headers: HEADER_RULES[source](reply),
    body: Buffer.from(String(reply['body'] ?? ''), reply['isBase64Encoded'] === true ? 'base64' : 'utf8'),
  };
}

/** The values of one header. */
export function valuesOf(received: Received, name: string): readonly string[] {
  return received.headers.filter(([other]) => other === name).map(([, value]) => value);
}

type Reply = Readonly<Record<string, unknown>>;
type Line = readonly [name: string, value: string];

const FIELDS: Record<LambdaSource, readonly string[]> = {
  'payload-2.0': ['statusCode', 'headers', 'cookies', 'body', 'isBase64Encoded'],
  'payload-1.0': ['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded'],
  alb: ['statusCode', 'statusDescription', 'headers', 'body', 'isBase64Encoded'],
  'alb-multi-value': ['statusCode', 'statusDescription', 'multiValueHeaders', 'body', 'isBase64Encoded'],
};

function parse(source: LambdaSource, result: unknown): Reply {
  const json: unknown = JSON.parse(JSON.stringify(result === undefined ? null : result));
  const isReply = typeof json === 'object' && json !== null && 'statusCode' in json;
  if (!isReply && source === 'payload-2.0') {
    const body = typeof json === 'string' ? json : JSON.stringify(json);
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body };
  }
  if (!isReply) {
    throw new Error('502: no statusCode');
  }
  const unknown = Object.keys(json).filter((field) => !FIELDS[source].includes(field));
  if (unknown.length > 0) {
    throw new Error(`502: ${source} does not know ${unknown.join(', ')}`);
  }
  return json as Reply;
}

const HEADER_RULES: Record<LambdaSource, (reply: Reply) => Line[]> = {
  // "To return cookies, don't manually add set-cookie headers": those are lost here. Names are matched in any case.
  'payload-2.0': (reply) => [
    ...firstOfEachName(singles(reply['headers'])).filter(([name]) => name !== 'set-cookie'),
    ...((reply['cookies'] as string[] | undefined) ?? []).map((cookie): Line => ['set-cookie', cookie]),
  ],

  // "If the same key-value pair is specified in both, only the values from multiValueHeaders will appear."
  'payload-1.0': (reply) => {
    const multiple = multiples(reply['multiValueHeaders']);
    const names = new Set(multiple.map(([name]) => name));
    return [...multiple, ...singles(reply['headers']).filter(([name]) => !names.has(name))];
  },

  // One value for each key, and each key is a line of its own.
  alb: (reply) => singles(reply['headers']).map(textOnly),

  'alb-multi-value': (reply) => multiples(reply['multiValueHeaders']).map(textOnly),
};

function singles(headers: unknown): Line[] {
  return Object.entries(headers ?? {}).map(([name, value]) => {
    if (typeof value === 'object') {
      throw new Error(`502: ${name} has several values in headers`);
    }
    return [name.toLowerCase(), value];
  });
}

function multiples(headers: unknown): Line[] {
  return Object.entries(headers ?? {}).flatMap(([name, values]) => {
    if (!Array.isArray(values)) {
      throw new Error(`502: ${name} is no list in multiValueHeaders`);
    }
    return values.map((value): Line => [name.toLowerCase(), value]);
  });
}

/** Load balancers refuse header values that are not text. */
function textOnly([name, value]: Line): Line {
  if (typeof value !== 'string') {
    throw new Error(`502: ${name} is not text`);
  }
  return [name, value];
}

function firstOfEachName(lines: Line[]): Line[] {
  return [...new Map([...lines].reverse()).entries()];
}
