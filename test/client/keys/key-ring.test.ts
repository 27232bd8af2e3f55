import { isMacOf, KeyRing, macOf, type SessionKeyMaterial } from '../../../lib/client/keys/key-ring';
import { KEY_ACTIVATION } from '../../../lib/contract/keys';
import { HOUR, START } from '../support';
import { documentOf, key } from './keys';

const OLD = key('old', START - HOUR);
const NEW = key('new', START);

test('a new key is known at once and signs when every client has had the time to read it', () => {
  const ring = new KeyRing(documentOf(NEW, OLD));
  expect([ring.find('new')?.id, ring.find('old')?.id, ring.find('other')]).toEqual(['new', 'old', undefined]);
  expect(ring.signer(START + KEY_ACTIVATION * 1000 - 1)?.id).toBe('old');
  expect(ring.signer(START + KEY_ACTIVATION * 1000)?.id).toBe('new');
});

test('where there is no older key, a new one signs at once, the oldest first', () => {
  expect(new KeyRing(documentOf(NEW)).signer(START)?.id).toBe('new');
  expect(new KeyRing(documentOf(NEW, key('first', START - 1000))).signer(START)?.id).toBe('first');
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

test('what signs cookies is derived: the secret itself appears nowhere', () => {
  const [material] = [new KeyRing(documentOf(NEW)).find('new')];
  expect(Buffer.from(material?.cookie ?? []).toString('base64url')).not.toBe(NEW.secret);
  expect(Buffer.from(material?.cookie ?? []).toString('hex')).toMatchInlineSnapshot(
    `"eab786957b4f2d441f9e3f96b942f7d4b8256aac410b0f3a865e7be39429ed54"`,
  );
});
