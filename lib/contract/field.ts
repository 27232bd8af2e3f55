/** A document that cannot be used. The message names the field and what was expected of it. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
}

/** @throws ContractError without a word of the text: what JSON.parse says of a text quotes from it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ContractError('it is not JSON');
  }
}

/** @throws ContractError if the document's version is missing, or above the newest that this release reads. */
export function readVersion(root: Field, newest: number): number {
  const version = root.field('version').integer(1);
  if (version > newest) {
    throw new ContractError(
      `it has version ${version}, and this client reads versions up to ${newest}: update cdk-sessions-client`,
    );
  }
  return version;
}

/** One value of a document and the path that leads to it, for messages. */
export class Field {
  static root(value: unknown): Field {
    return new Field('', value, false);
  }

  /** The root of a document whose values are secret: messages say of what kind they are, and no more. */
  static secretRoot(value: unknown): Field {
    return new Field('', value, true);
  }

  private constructor(
    private readonly path: string,
    private readonly value: unknown,
    private readonly secret: boolean,
  ) {}

  get present(): boolean {
    return this.value !== undefined;
  }

  field(name: string): Field {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      throw this.fault('an object');
    }
    const value: unknown = Object.hasOwn(this.value, name) ? Reflect.get(this.value, name) : undefined;
    return new Field(this.path === '' ? name : `${this.path}.${name}`, value, this.secret);
  }

  /** @param most how many there may be, at least one */
  items(most: number): readonly Field[] {
    if (!Array.isArray(this.value) || this.value.length === 0 || this.value.length > most) {
      throw this.fault(`a list of 1 to ${most}`);
    }
    return this.value.map((item: unknown, at) => new Field(`${this.path}[${at}]`, item, this.secret));
  }

  text(): string {
    if (typeof this.value !== 'string' || this.value === '') {
      throw this.fault('a text that is not empty');
    }
    return this.value;
  }

  /** @param what how messages describe what the pattern takes */
  textLike(pattern: RegExp, what: string): string {
    if (typeof this.value !== 'string' || !pattern.test(this.value)) {
      throw this.fault(what);
    }
    return this.value;
  }

  /** @param most the greatest that is allowed; whatever a number can count to unless given */
  integer(least: number, most?: number): number {
    const { value } = this;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || (most && value > most)) {
      throw this.fault(most ? `a whole number from ${least} to ${most}` : `a whole number of at least ${least}`);
    }
    return value;
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

  /** The error that this field is not what is expected. */
  fault(expected: string): ContractError {
    const received = this.present ? `received ${this.described()}` : 'it is missing';
    return new ContractError(`${this.path === '' ? 'the document' : this.path} must be ${expected}, ${received}`);
  }

  private described(): string {
    return this.secret ? `another ${typeof this.value}` : excerpt(JSON.stringify(this.value));
  }
}

function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
