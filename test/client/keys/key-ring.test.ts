import { isMacOf, KeyRing, macOf, type SessionKeyMaterial } from '../../../lib/client/keys/key-ring';
import { KEY_ACTIVATION } from '../../../lib/contract/keys';
import { HOUR, START } from '../support';
import { documentOf, key } from './keys';

const OLD = key('old', START - HOUR);
const NEW = key('new', START);

test('a new key is known at once and signs when every client has had the time to read it', () => {
  const ring = new KeyRing(documentOf(NEW, OLD));
  expect([ring.find('new')?.id, ring.find('old')?.id, ring.find('other')]).toEqual(['new', 'old', undefined]);
  expect(ring.signer(START + KEY_ACTIVATION * 1000 - 1).id).toBe('old');
  expect(ring.signer(START + KEY_ACTIVATION * 1000).id).toBe('new');
});

test('where there is no older key, a new one signs at once, the oldest first', () => {
  expect(new KeyRing(documentOf(NEW)).signer(START).id).toBe('new');
  expect(new KeyRing(documentOf(NEW, key('first', START - 1000))).signer(START).id).toBe('first');
});

test('a MAC is that of one text under one key', () => {
  const ring = new KeyRing(documentOf(NEW, OLD));
  const [one, other] = [ring.find('new'), ring.find('old')] as [SessionKeyMaterial, SessionKeyMaterial];
  const mac = macOf('text', one);
  expect(mac).toMatch(/^[\w-]{43}$/);
  expect(isMacOf(mac, 'text', one)).toBe(true);
  expect(isMacOf(mac, 'test', one)).toBe(false);
  expect(isMacOf(mac, 'text', other)).toBe(false);
  expect(isMacOf(`${mac}A`, 'text', one)).toBe(false);
});

test('each purpose has a key of its own, and the secret itself appears nowhere', () => {
  const material = new KeyRing(documentOf(NEW)).signer(START);
  const cookie = Buffer.from(material.cookie).toString('hex');
  const record = material.record.export().toString('hex');
  const secret = Buffer.from(NEW.secret, 'base64url').toString('hex');
  expect(new Set([secret, cookie, record]).size).toBe(3);
  // What is in people's browsers and in tables was made with these: they stay as they are.
  expect(cookie).toMatchInlineSnapshot(`"eab786957b4f2d441f9e3f96b942f7d4b8256aac410b0f3a865e7be39429ed54"`);
  expect(record).toMatchInlineSnapshot(`"29b218e4325ac84d69539ecfe9b48b3d561b0bf6a2acffd29f68a3b5fe359802"`);
});
