import { BlockList, isIPv6 } from 'node:net';
import { LocalError } from './errors.js';
import type { RequestHead } from './http.js';
import { flagAt, isObject, type JsonObject, listAt, numberAt, objectAt, objectsAt, textAt } from './json.js';
import { parameters } from './load-balancer-event.js';
import { hostName } from './payload.js';

/** Whether a rule applies to a request. */
export type Condition = (request: RequestHead) => boolean;

/** What a listener or a rule does with a request. */
export type Action =
  | Forward
  | { readonly type: 'fixed-response'; readonly status: number; readonly contentType: string; readonly body: string }
  | {
      readonly type: 'redirect';
      readonly status: 301 | 302;
      readonly protocol: string;
      readonly host: string;
      readonly port: string;
      readonly path: string;
      readonly query: string;
    };

/** A request goes to one of some target groups. */
export interface Forward {
  readonly type: 'forward';
  readonly targets: readonly WeightedTarget[];
  /** For how long a visitor is kept at one of the target groups, in milliseconds; absent if not at all. */
  readonly stickiness?: number;
}

/** One target group of several, and how often it is chosen among them. */
export interface WeightedTarget {
  readonly targetGroupArn: string;
  readonly weight: number;
}

/**
 * Reads one condition of a listener rule (ELB user guide, "Condition types for listener rules").
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if it is of a kind that is not evaluated here.
 */
export function conditionOf(condition: JsonObject): Condition {
  const field = textAt(condition, 'Field') ?? '';
  switch (field) {
    case 'path-pattern': {
      const patterns = patternsOf(condition, 'PathPatternConfig', '');
      return (request) => matchesAny(patterns, request.path);
    }
    case 'host-header': {
      const patterns = hostPatterns(condition);
      return (request) => matchesAny(patterns, hostName(request));
    }
    case 'http-header': {
      const patterns = patternsOf(condition, 'HttpHeaderConfig', 'i');
      const name = textAt(condition['HttpHeaderConfig'], 'HttpHeaderName')?.toLowerCase();
      return (request) =>
        request.headers.some(([candidate, value]) => candidate === name && matchesAny(patterns, value));
    }
    case 'http-request-method': {
      const methods = listAt(condition['HttpRequestMethodConfig'], 'Values');
      return (request) => methods.includes(request.method);
    }
    case 'query-string':
      return queryCondition(condition);
    case 'source-ip':
      return sourceCondition(condition);
    default:
      throw unsupported(`conditions of the kind ${JSON.stringify(field)} are not evaluated here`);
  }
}

/** The hosts that a condition names; none if it is of another kind. @throws LocalError ERR_LOCAL_TEMPLATE */
export function hostPatterns(condition: JsonObject): readonly RegExp[] {
  return textAt(condition, 'Field') === 'host-header' ? patternsOf(condition, 'HostHeaderConfig', 'i') : [];
}

/**
 * Reads what a listener or a rule does, out of its list of actions.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if one of them is not carried out here, such as signing people in.
 */
export function actionOf(actions: readonly JsonObject[]): Action {
  const [action, ...others] = actions;
  if (action === undefined || others.length > 0) {
    const types = actions.map((each) => textAt(each, 'Type')).join(', ');
    throw unsupported(`the actions ${types === '' ? 'none' : types} are not carried out here`);
  }
  const type = textAt(action, 'Type');
  switch (type) {
    case 'forward':
      return forwardOf(action);
    case 'fixed-response': {
      const config = objectAt(action, 'FixedResponseConfig');
      return {
        type,
        status: numberAt(config, 'StatusCode') ?? 200,
        contentType: textAt(config, 'ContentType') ?? 'text/plain',
        body: textAt(config, 'MessageBody') ?? '',
      };
    }
    case 'redirect': {
      const config = objectAt(action, 'RedirectConfig');
      return {
        type,
        status: textAt(config, 'StatusCode') === 'HTTP_302' ? 302 : 301,
        protocol: textAt(config, 'Protocol') ?? '#{protocol}',
        host: textAt(config, 'Host') ?? '#{host}',
        port: textAt(config, 'Port') ?? '#{port}',
        path: textAt(config, 'Path') ?? '/#{path}',
        query: textAt(config, 'Query') ?? '#{query}',
      };
    }
    default:
      throw unsupported(`the action ${type} is not carried out here`);
  }
}

/** Chooses among target groups by their weights; `chance` is from 0 up to, but not, 1. */
export function chooseTarget(targets: readonly WeightedTarget[], chance: number): string | undefined {
  let left = chance * targets.reduce((sum, { weight }) => sum + weight, 0);
  for (const { targetGroupArn, weight } of targets) {
    left -= weight;
    if (left < 0) {
      return targetGroupArn;
    }
  }
  return undefined;
}

function forwardOf(action: JsonObject): Forward {
  const stickiness = objectAt(objectAt(action, 'ForwardConfig'), 'TargetGroupStickinessConfig');
  const duration = numberAt(stickiness, 'DurationSeconds');
  if (flagAt(stickiness, 'Enabled') !== true) {
    return { type: 'forward', targets: targetsOf(action) };
  }
  if (duration === undefined) {
    throw unsupported('its TargetGroupStickinessConfig is enabled, and DurationSeconds is missing');
  }
  return { type: 'forward', targets: targetsOf(action), stickiness: duration * 1000 };
}

function targetsOf(action: JsonObject): readonly WeightedTarget[] {
  const single = textAt(action, 'TargetGroupArn');
  if (single !== undefined) {
    return [{ targetGroupArn: single, weight: 1 }];
  }
  return objectsAt(action['ForwardConfig'], 'TargetGroups').map((group) => ({
    targetGroupArn: textAt(group, 'TargetGroupArn') ?? '',
    weight: numberAt(group, 'Weight') ?? 1,
  }));
}

/** Keys and values are compared whatever their letter case; a pair without a key asks for the value anywhere. */
function queryCondition(condition: JsonObject): Condition {
  const wanted = objectsAt(condition['QueryStringConfig'], 'Values').map((pair) => ({
    key: pattern(textAt(pair, 'Key') ?? '*', 'i'),
    value: pattern(textAt(pair, 'Value') ?? '*', 'i'),
  }));
  return (request) =>
    parameters(request.query).some(([name, text]) =>
      wanted.some(({ key, value }) => key.test(name) && value.test(text)),
    );
}

function sourceCondition(condition: JsonObject): Condition {
  const ranges = new BlockList();
  for (const range of listAt(condition['SourceIpConfig'], 'Values')) {
    const [address = '', prefix = ''] = String(range).split('/');
    ranges.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return (request) => ranges.check(request.sourceIp, isIPv6(request.sourceIp) ? 'ipv6' : 'ipv4');
}

/** Path and host conditions may have their values beside the field, without a configuration object. */
function patternsOf(condition: JsonObject, config: string, flags: string): readonly RegExp[] {
  const settings = condition[config] ?? condition;
  if (isObject(settings) && settings['RegexValues'] !== undefined) {
    throw unsupported('conditions with regular expressions are not evaluated here');
  }
  return listAt(settings, 'Values').map((value) => pattern(String(value), flags));
}

/** `*` stands for any characters, `?` for one, and a backslash makes the next character itself. */
function pattern(wildcard: string, flags: string): RegExp {
  const source = wildcard.replace(/\\([*?\\])|[\s\S]/g, (character, escaped?: string) => {
    if (escaped === undefined && character === '*') {
      return '.*';
    }
    if (escaped === undefined && character === '?') {
      return '.';
    }
    return (escaped ?? character).replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, `s${flags}`);
}

function matchesAny(patterns: readonly RegExp[], value: string): boolean {
  return patterns.some((each) => each.test(value));
}

function unsupported(message: string): LocalError {
  return new LocalError('ERR_LOCAL_TEMPLATE', message);
}
