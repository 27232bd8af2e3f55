import { cookieFault } from './cookie.js';
import {
  CONTRACT_VERSION,
  type CookieContract,
  type PolicyContract,
  type SessionContract,
  type StoreContract,
} from './environment.js';
import { timesFault } from './policy.js';

/** A contract that cannot be used. The message names the field, what was received and what was expected. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
}

/**
 * Reads the contract out of the text of an environment variable.
 *
 * @throws ContractError if it is not JSON, of a newer version, or has a field that is missing or wrong.
 */
export function parseContract(text: string): SessionContract {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new ContractError('it is not JSON');
  }
  const root = Field.root(document);
  const version = root.field('version').integer(1);
  if (version > CONTRACT_VERSION) {
    throw new ContractError(
      `it has version ${version}, and this client reads versions up to ${CONTRACT_VERSION}: update cdk-sessions-client`,
    );
  }
  return {
    version,
    stores: { primary: readStore(root.field('stores').field('primary')) },
    policy: readPolicy(root.field('policy')),
  };
}

function readStore(store: Field): StoreContract {
  const region = store.field('region');
  return {
    kind: store.field('kind').oneOf('dynamodb'),
    table: store.field('table').text(),
    ...(region.present && { region: region.text() }),
  };
}

/** Checks a policy that did not come out of an environment variable. @throws ContractError as `parseContract` does. */
export function parsePolicy(value: unknown): PolicyContract {
  return readPolicy(Field.root(value));
}

function readPolicy(policy: Field): PolicyContract {
  const renewal = policy.field('renewalTimeout');
  const parsed: PolicyContract = {
    idleTimeout: policy.field('idleTimeout').integer(1),
    absoluteTimeout: policy.field('absoluteTimeout').integer(1),
    ...(renewal.present && { renewalTimeout: renewal.integer(1) }),
    touchAfter: policy.field('touchAfter').integer(0),
    cookie: readCookie(policy.field('cookie')),
  };
  refuse('policy', timesFault(parsed));
  return parsed;
}

function readCookie(cookie: Field): CookieContract {
  const domain = cookie.field('domain');
  const parsed: CookieContract = {
    name: cookie.field('name').text(),
    sameSite: cookie.field('sameSite').oneOf('strict', 'lax', 'none'),
    secure: cookie.field('secure').boolean(),
    persistent: cookie.field('persistent').boolean(),
    ...(domain.present && { domain: domain.text() }),
  };
  refuse('policy.cookie', cookieFault(parsed));
  return parsed;
}

function refuse(path: string, fault: string | undefined): void {
  if (fault !== undefined) {
    throw new ContractError(`${path}: ${fault}`);
  }
}

/** One value of the document and the path that leads to it, for messages. */
class Field {
  static root(value: unknown): Field {
    return new Field('', value);
  }

  private constructor(
    private readonly path: string,
    private readonly value: unknown,
  ) {}

  get present(): boolean {
    return this.value !== undefined;
  }

  field(name: string): Field {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      throw this.fault('an object');
    }
    const value: unknown = Object.hasOwn(this.value, name) ? Reflect.get(this.value, name) : undefined;
    return new Field(this.path === '' ? name : `${this.path}.${name}`, value);
  }

  text(): string {
    if (typeof this.value !== 'string' || this.value === '') {
      throw this.fault('a text that is not empty');
    }
    return this.value;
  }

  integer(least: number): number {
    if (typeof this.value !== 'number' || !Number.isSafeInteger(this.value) || this.value < least) {
      throw this.fault(`a whole number of at least ${least}`);
    }
    return this.value;
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') {
      throw this.fault('true or false');
    }
    return this.value;
  }

  oneOf<T extends string>(...choices: readonly T[]): T {
    const choice = choices.find((candidate) => candidate === this.value);
    if (choice === undefined) {
      throw this.fault(choices.map((candidate) => JSON.stringify(candidate)).join(' or '));
    }
    return choice;
  }

  private fault(expected: string): ContractError {
    const received = this.present ? `received ${excerpt(JSON.stringify(this.value))}` : 'it is missing';
    return new ContractError(`${this.path === '' ? 'the document' : this.path} must be ${expected}, ${received}`);
  }
}

function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
