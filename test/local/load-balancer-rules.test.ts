import fc from 'fast-check';
import type { JsonObject } from '../../lib/local/json.js';
import { actionOf, chooseTarget, conditionOf } from '../../lib/local/load-balancer-rules.js';
import { request } from './requests.js';

describe('conditions', () => {
  test.each<[JsonObject, Parameters<typeof request>[0], boolean]>([
    [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/img/*'] } }, { path: '/img/a/b.png' }, true],
    [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/img/*'] } }, { path: '/IMG/a' }, false],
    [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/img/*'] } }, { path: '/x/img/' }, false],
    [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/a?c', '/z'] } }, { path: '/abc' }, true],
    [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/a?c', '/z'] } }, { path: '/ac' }, false],
    [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/a.c'] } }, { path: '/abc' }, false],
    [{ Field: 'path-pattern', Values: ['/old'] }, { path: '/old' }, true],
    [
      { Field: 'host-header', HostHeaderConfig: { Values: ['*.Example.com'] } },
      { headers: [['host', 'WWW.example.com:80']] },
      true,
    ],
    [
      { Field: 'host-header', HostHeaderConfig: { Values: ['*.example.com'] } },
      { headers: [['host', 'example.com']] },
      false,
    ],
    [
      { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'X-Kind', Values: ['*beta*'] } },
      { headers: [['x-kind', 'My BETA']] },
      true,
    ],
    [
      { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'X-Kind', Values: ['a'] } },
      { headers: [['other', 'a']] },
      false,
    ],
    [{ Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['POST', 'PUT'] } }, { method: 'PUT' }, true],
    [{ Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['POST'] } }, { method: 'post' }, false],
    [
      { Field: 'query-string', QueryStringConfig: { Values: [{ Key: 'Version', Value: 'v1' }] } },
      { query: 'a=b&version=V1' },
      true,
    ],
    [
      { Field: 'query-string', QueryStringConfig: { Values: [{ Key: 'version', Value: 'v1' }] } },
      { query: 'other=v1' },
      false,
    ],
    [
      { Field: 'query-string', QueryStringConfig: { Values: [{ Value: '*ex\\**' }] } },
      { query: 'a=my-ex*ample' },
      true,
    ],
    [
      { Field: 'query-string', QueryStringConfig: { Values: [{ Value: '*ex\\**' }] } },
      { query: 'a=my-example' },
      false,
    ],
    [
      { Field: 'source-ip', SourceIpConfig: { Values: ['10.0.0.0/8', '127.0.0.0/8'] } },
      { sourceIp: '127.0.0.1' },
      true,
    ],
    [{ Field: 'source-ip', SourceIpConfig: { Values: ['10.0.0.0/8', '::/128'] } }, { sourceIp: '127.0.0.1' }, false],
  ])('%j for %j: %s', (condition, overrides, expected) => {
    expect(conditionOf(condition)(request(overrides))).toBe(expected);
  });

  test.each<[JsonObject, string]>([
    [{ Field: 'weather' }, 'conditions of the kind "weather" are not evaluated here'],
    [
      { Field: 'path-pattern', PathPatternConfig: { RegexValues: ['^/a'] } },
      'conditions with regular expressions are not evaluated here',
    ],
  ])('fails for %j, which is not evaluated', (condition, message) => {
    expect(() => conditionOf(condition)).toThrow(message);
  });

  test('a pattern without wildcards is met by itself alone', () => {
    const plain = fc.string().filter((text) => !/[*?\\]/.test(text));
    fc.assert(
      fc.property(plain, plain, (wanted, path) => {
        const condition = conditionOf({ Field: 'path-pattern', PathPatternConfig: { Values: [wanted] } });
        expect(condition(request({ path: wanted }))).toBe(true);
        expect(condition(request({ path }))).toBe(path === wanted);
      }),
    );
  });
});

describe('actions', () => {
  test('forward to one target group, or to several by weight', () => {
    expect(actionOf([{ Type: 'forward', TargetGroupArn: 'a' }])).toEqual({
      type: 'forward',
      targets: [{ targetGroupArn: 'a', weight: 1 }],
    });
    const TargetGroups = [
      { TargetGroupArn: 'a', Weight: 1 },
      { TargetGroupArn: 'b', Weight: 3 },
    ];
    expect(actionOf([{ Type: 'forward', ForwardConfig: { TargetGroups } }])).toEqual({
      type: 'forward',
      targets: [
        { targetGroupArn: 'a', weight: 1 },
        { targetGroupArn: 'b', weight: 3 },
      ],
    });
  });

  test('forward, and keep visitors at a target group for a while', () => {
    const TargetGroups = [{ TargetGroupArn: 'a' }];
    const kept = (TargetGroupStickinessConfig: object) =>
      actionOf([{ Type: 'forward', ForwardConfig: { TargetGroups, TargetGroupStickinessConfig } }]);
    const targets = [{ targetGroupArn: 'a', weight: 1 }];
    expect(kept({ Enabled: true, DurationSeconds: 60 })).toEqual({ type: 'forward', targets, stickiness: 60_000 });
    expect(kept({ Enabled: false, DurationSeconds: 60 })).toEqual({ type: 'forward', targets });
    expect(() => kept({ Enabled: true })).toThrow(
      'its TargetGroupStickinessConfig is enabled, and DurationSeconds is missing',
    );
  });

  test('answer with something fixed', () => {
    expect(actionOf([{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }])).toEqual({
      type: 'fixed-response',
      status: 404,
      contentType: 'text/plain',
      body: '',
    });
  });

  test('redirect, keeping what is not said', () => {
    expect(actionOf([{ Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_302', Port: '443' } }])).toEqual({
      type: 'redirect',
      status: 302,
      protocol: '#{protocol}',
      host: '#{host}',
      port: '443',
      path: '/#{path}',
      query: '#{query}',
    });
  });

  test.each<[JsonObject[], string]>([
    [
      [{ Type: 'authenticate-oidc' }, { Type: 'forward' }],
      'the actions authenticate-oidc, forward are not carried out here',
    ],
    [[{ Type: 'teleport' }], 'the action teleport is not carried out here'],
    [[], 'the actions none are not carried out here'],
  ])('fails for %j, which is not carried out', (actions, message) => {
    expect(() => actionOf(actions)).toThrow(message);
  });

  test('weights decide among target groups', () => {
    const targets = [
      { targetGroupArn: 'a', weight: 1 },
      { targetGroupArn: 'none', weight: 0 },
      { targetGroupArn: 'b', weight: 3 },
    ];
    expect([0, 0.24, 0.25, 0.99].map((chance) => chooseTarget(targets, chance))).toEqual(['a', 'a', 'b', 'b']);
    expect(chooseTarget([], 0)).toBeUndefined();
  });

  test('weights decide in proportion, and nobody is chosen whose weight is 0', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(weights, (given) => {
        const targets = given.map((weight, index) => ({ targetGroupArn: String(index), weight }));
        const whole = given.reduce((sum, weight) => sum + weight, 0);
        const steps = 1000;
        const chosen = Array.from({ length: steps }, (_, step) => chooseTarget(targets, (step + 0.5) / steps));
        for (const { targetGroupArn, weight } of targets) {
          const times = chosen.filter((each) => each === targetGroupArn).length;
          expect(Math.abs(times - (whole === 0 ? 0 : (steps * weight) / whole))).toBeLessThanOrEqual(1);
        }
        expect(chosen.includes(undefined)).toBe(whole === 0);
      }),
    );
  });
});
