import { createSessions, type Session } from 'cdk-sessions-client';
import * as z from 'zod';

// Checked by the compiler: what must not compile is marked, and an unneeded mark is an error.

interface Shop {
  cart?: Record<string, number>;
  readonly visited: readonly { readonly at: string; readonly page: string | null }[];
}

test('a type of JSON compiles, be it an interface, a type or a record', () => {
  createSessions();
  createSessions<Shop>();
  createSessions<{ count: number; nested: { deep: [string, boolean] } }>();
  createSessions<Record<string, unknown>>();
  createSessions<{ anything: unknown }>();
});

type Anything = string | number | boolean | null | Anything[] | { [member: string]: Anything };

test('a type that contains itself compiles', () => {
  createSessions<{ anything: Anything }>();
  createSessions<{ tree: { left?: { name: string }; others: Anything[] } }>();
});

test('a type of something else does not', () => {
  // @ts-expect-error a Date is not JSON
  createSessions<{ at: Date }>();
  // @ts-expect-error nor is one further down
  createSessions<{ seen: { at: Date }[] }>();
  // @ts-expect-error nor a function
  createSessions<{ run: () => void }>();
  // @ts-expect-error nor a class
  createSessions<{ make: new () => Date }>();
  // @ts-expect-error nor a bigint
  createSessions<{ big: bigint }>();
  // @ts-expect-error nor a map
  createSessions<{ map: Map<string, string> }>();
});

test('the type follows from a schema', () => {
  const sessions = createSessions({ schema: z.object({ count: z.number().default(0) }) });
  sessions.lambda(async (_event, session) => {
    const count: number | undefined = session.get('count');
    // @ts-expect-error there is no such key
    session.get('cart');
    return { body: String(count) };
  });
});

test('a session takes its keys and values, and nothing undefined', () => {
  const check = (session: Session<Shop>) => {
    session.set('cart', { a: 1 });
    session.flash('cart', { a: 1 });
    const popped: Record<string, number> | undefined = session.pop('cart');
    // @ts-expect-error a value of another type
    session.set('cart', 'a');
    // @ts-expect-error unset says it
    session.set('cart', undefined);
    // @ts-expect-error a key that there is not
    session.unset('basket');
    return popped;
  };
  expect(check).toBeInstanceOf(Function);
});
