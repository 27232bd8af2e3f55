import { Token } from 'aws-cdk-lib';
import { SameSite, SessionCookie } from 'cdk-sessions';
import fc from 'fast-check';
import { cookieFault } from '../../lib/contract/cookie.js';
import { refusalOf } from '../support/refusal.js';

describe('a cookie of one host', () => {
  test('is secure, lax, and ends with the browser, unless asked otherwise', () => {
    expect(SessionCookie.host()._toContract()).toEqual({
      name: '__Host-session',
      sameSite: 'lax',
      secure: true,
      persistent: false,
    });
    expect(SessionCookie.host('shop', { sameSite: SameSite.STRICT, persistent: true })._toContract()).toEqual({
      name: '__Host-shop',
      sameSite: 'strict',
      secure: true,
      persistent: true,
    });
  });

  test.each(['__Host-shop', '__Http-shop'])('fails when the name has a prefix already: %s', (name) => {
    expect(refusalOf(() => SessionCookie.host(name))).toEqual({
      code: 'ERR_SESSION_COOKIE',
      message: `the cookie's name must be given without its prefix, which is added here, received "${name}"`,
    });
  });

  test('fails when the name is not a token', () => {
    expect(refusalOf(() => SessionCookie.host('my shop'))).toEqual({
      code: 'ERR_SESSION_COOKIE',
      message: `the cookie's name must be 1 to 64 characters of letters, digits and !#$%&'*+-.^_\`|~, received "__Host-my shop"`,
    });
  });
});

describe('a cookie shared by a domain', () => {
  test('is secure and names the domain', () => {
    expect(SessionCookie.shared('shop', 'example.com')._toContract()).toEqual({
      name: '__Secure-shop',
      sameSite: 'lax',
      secure: true,
      persistent: false,
      domain: 'example.com',
    });
  });

  test.each(['.example.com', 'Example.com', 'localhost', 'https://example.com', '192.0.2.1'])(
    'fails for the domain %s',
    (domain) => {
      expect(refusalOf(() => SessionCookie.shared('shop', domain))).toEqual({
        code: 'ERR_SESSION_COOKIE',
        message: `the cookie's domain must be a lower-case host name with a dot and no leading one, not an address, received ${JSON.stringify(domain)}`,
      });
    },
  );

  test('takes a domain that only the deployment knows', () => {
    const domain = Token.asString({ Ref: 'Domain' });
    expect(SessionCookie.shared('shop', domain).domain).toBe(domain);
  });
});

describe('an insecure cookie', () => {
  test('has the name that it was given', () => {
    expect(SessionCookie.insecure('shop')._toContract()).toMatchObject({ name: 'shop', secure: false });
  });

  test.each(['__Host-shop', '__secure-shop', '__Http-shop'])(
    'fails under the name %s, which promises HTTPS',
    (name) => {
      expect(refusalOf(() => SessionCookie.insecure(name))).toEqual({
        code: 'ERR_SESSION_COOKIE',
        message: `a cookie with the prefix of ${name} must be secure: take another name for an insecure one`,
      });
    },
  );

  test('fails with SameSite=None, which browsers drop', () => {
    expect(refusalOf(() => SessionCookie.insecure('shop', { sameSite: SameSite.NONE }))).toEqual({
      code: 'ERR_SESSION_COOKIE',
      message: 'browsers drop a cookie with SameSite=None that is not secure',
    });
  });
});

test('what the construct makes, the contract accepts; what it refuses, the contract would refuse too', () => {
  const name = fc.oneof(fc.stringMatching(/^[a-z_-]{0,70}$/), fc.string());
  const domain = fc.oneof(fc.domain(), fc.string());
  const sameSite = fc.constantFrom(SameSite.STRICT, SameSite.LAX, SameSite.NONE);
  fc.assert(
    fc.property(name, domain, sameSite, (name, domain, sameSite) => {
      for (const { make, secure, ...identity } of [
        { make: () => SessionCookie.host(name, { sameSite }), name: `__Host-${name}`, secure: true },
        {
          make: () => SessionCookie.shared(name, domain, { sameSite }),
          name: `__Secure-${name}`,
          secure: true,
          domain,
        },
        { make: () => SessionCookie.insecure(name, { sameSite }), name, secure: false },
      ]) {
        const fault = cookieFault({ ...identity, sameSite, secure });
        if (fault === undefined) {
          expect(cookieFault(make()._toContract())).toBeUndefined();
        } else {
          expect(refusalOf(make).message).toBe(fault);
        }
      }
    }),
  );
});
