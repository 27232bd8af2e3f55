import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import schema from '../../lib/contract/environment.schema.json';
import { ContractError, parseContract } from '../../lib/contract/parse.js';

const ajv = new Ajv2020({ strict: true });
const matchesSchema = ajv.compile(schema);

/** A value of a field: mostly one that is valid, now and then another, now and then none. */
function field<T>(...valid: fc.Arbitrary<T>[]): fc.Arbitrary<unknown> {
  const nonsense = fc.constantFrom(null, undefined, '', 'x', 0, -1, 0.5, 1e20, true, [], {});
  return fc.oneof({ weight: 60, arbitrary: fc.oneof(...valid) }, { weight: 1, arbitrary: nonsense });
}

const seconds = field(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 34_559_990, max: 34_560_010 }));

const table = fc.record(
  {
    kind: field(fc.constant('dynamodb')),
    table: field(fc.string()),
    region: field(fc.constant('eu-west-1')),
  },
  { requiredKeys: ['kind', 'table'] },
);

const authentication = fc.oneof(
  fc.record(
    {
      kind: field(fc.constant('iam')),
      user: field(fc.string()),
      cache: field(fc.constant('sessions')),
      serverless: field(fc.boolean()),
    },
    { requiredKeys: ['kind', 'user', 'cache'] },
  ),
  fc.record({ kind: field(fc.constant('password')), user: field(fc.constant('web')), secret: field(fc.string()) }),
  fc.record({ kind: field(fc.constant('token')), secret: field(fc.string()) }),
);

const redis = fc.record(
  {
    kind: field(fc.constant('redis')),
    endpoint: field(fc.domain()),
    port: field(fc.constantFrom(1, 6379, 65_535, 65_536)),
    cluster: field(fc.boolean()),
    tls: field(fc.boolean()),
    region: field(fc.constant('eu-west-1')),
    authentication: field(authentication),
  },
  { requiredKeys: ['kind', 'endpoint', 'port', 'cluster', 'tls'] },
);

const documents = fc.record(
  {
    version: field(fc.constantFrom(1, 1, 1, 1, 2)),
    stores: field(
      fc.record({
        primary: field<unknown>(table, redis),
      }),
    ),
    policy: field(
      fc.record(
        {
          idleTimeout: seconds,
          absoluteTimeout: seconds,
          renewalTimeout: seconds,
          touchAfter: field(fc.integer({ min: 0, max: 3 })),
          sessionsPerOwner: field(fc.constantFrom(1, 5, 1000, 1001)),
          whenFull: field(fc.constantFrom('evict-oldest', 'refuse')),
          revocationCheck: field(fc.constantFrom('touch', 'request')),
          cookie: field(
            fc.record(
              {
                name: field(
                  fc.constantFrom('session', '__Host-session', '__host-s', '__Secure-s', '__SECURE-s', 'a b'),
                  fc.constantFrom('__Http-s', '__HTTP-s', '__Host-Http-s'),
                  fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{60,66}$/),
                ),
                sameSite: field(fc.constantFrom('strict', 'lax', 'none')),
                secure: field(fc.boolean()),
                persistent: field(fc.boolean()),
                domain: field(
                  fc.domain(),
                  fc.domain(),
                  fc.constantFrom('localhost', '.example.com', 'EXAMPLE.com', 'a..b', '-a.b', '192.0.2.1', 'a.0x1'),
                ),
              },
              { requiredKeys: ['name', 'sameSite', 'secure', 'persistent'] },
            ),
          ),
        },
        { requiredKeys: ['idleTimeout', 'absoluteTimeout', 'touchAfter', 'cookie'] },
      ),
    ),
    keys: field(
      fc.record(
        {
          secret: field(fc.constant('arn:aws:secretsmanager:eu-west-1:123456789012:secret:Keys-AbCdEf')),
          region: field(fc.constant('eu-west-1')),
          encryptsData: field(fc.boolean()),
          acceptsUnprotected: field(fc.boolean()),
        },
        { requiredKeys: ['secret'] },
      ),
    ),
    access: field(fc.constant('revoke')),
  },
  { requiredKeys: ['version', 'stores', 'policy'] },
);

/** Which of the rules between times a document breaks: those that the schema leaves to words. */
const BEYOND_A_SCHEMA =
  /^policy: (idleTimeout must not exceed|renewalTimeout must not exceed|touchAfter must be shorter)/;

test('schema and parser accept and refuse the same documents', () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(documents, (document) => {
      const text = JSON.stringify(document);
      const valid = matchesSchema(JSON.parse(text));
      try {
        parseContract(text);
        seen.accepted++;
        expect([text, valid]).toEqual([text, true]);
      } catch (error) {
        if (!(error instanceof ContractError)) {
          throw error;
        }
        seen.refused++;
        expect([error.message, valid]).toEqual([error.message, BEYOND_A_SCHEMA.test(error.message) ? valid : false]);
      }
    }),
    { numRuns: 5000 },
  );
  expect(seen.accepted).toBeGreaterThan(50);
  expect(seen.refused).toBeGreaterThan(50);
});
