import { type AssemblyStack, type Resource, resourcesOf } from './assembly.js';
import { withReferences } from './dynamic-references.js';
import { LocalError } from './errors.js';
import { isObject, type JsonObject, objectAt, textAt } from './json.js';
import { ACCOUNT, type Addresses, attributeOf, refOf } from './physical.js';
import type { SecretDefinition } from './secrets-manager.js';

/** Stands for `AWS::NoValue` until the property that holds it is removed. */
const NO_VALUE = Symbol('AWS::NoValue');

type Intrinsic = (stack: AssemblyStack, argument: unknown) => unknown;

/**
 * Resolves the intrinsic functions of the templates of one assembly, across its stacks and in any order.
 *
 * Everything that a deployment would decide (account, physical names, addresses) is made up so that it stays the same
 * from run to run. Follows the CloudFormation user guide, "Intrinsic function reference".
 */
export class Resolver {
  private readonly resources = new Map<string, Resource>();
  /** What is being resolved right now, to tell a cycle from deep nesting. */
  private readonly open = new Set<string>();

  /**
   * @param addresses where fronts and caches are; those that are not known yet may come later.
   * @param secrets what dynamic references refer to; the same.
   */
  constructor(
    private readonly stacks: readonly AssemblyStack[],
    private readonly addresses: Addresses,
    private readonly secrets: readonly SecretDefinition[] = [],
  ) {
    for (const resource of stacks.flatMap(resourcesOf)) {
      this.resources.set(`${resource.stack.name}/${resource.logicalId}`, resource);
    }
  }

  /** A resource's properties without intrinsic functions. @throws LocalError ERR_LOCAL_TEMPLATE naming what is unknown */
  properties(resource: Resource): JsonObject {
    const resolved = this.resolve(resource.stack, resource.properties);
    return isObject(resolved) ? resolved : {};
  }

  /** One property of a resource without intrinsic functions. @throws LocalError ERR_LOCAL_TEMPLATE */
  property(resource: Resource, name: string): unknown {
    return this.resolve(resource.stack, resource.properties[name]);
  }

  /** Whether a resource's condition lets it exist. */
  exists(resource: Resource): boolean {
    return resource.condition === undefined || this.namedCondition(resource.stack, resource.condition);
  }

  /**
   * Any value of a stack's template without intrinsic functions and, after those, without dynamic references.
   *
   * @throws LocalError ERR_LOCAL_TEMPLATE
   */
  resolve(stack: AssemblyStack, value: unknown): unknown {
    const resolved = this.value(stack, value);
    return resolved === NO_VALUE
      ? undefined
      : withReferences(resolved, this.secrets, (reference) => {
          throw fault(stack, `the dynamic reference ${reference} has no value on this machine`);
        });
  }

  private value(stack: AssemblyStack, value: unknown): unknown {
    if (Array.isArray(value)) {
      return value.map((item) => this.value(stack, item)).filter((item) => item !== NO_VALUE);
    }
    if (!isObject(value)) {
      return value;
    }
    const [name, ...others] = Object.keys(value);
    if (name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
      return this.intrinsic(stack, name, value[name]);
    }
    const entries = Object.entries(value).map(([key, item]) => [key, this.value(stack, item)] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== NO_VALUE));
  }

  private intrinsic(stack: AssemblyStack, name: string, argument: unknown): unknown {
    const intrinsic = this.intrinsics[name];
    if (intrinsic === undefined) {
      throw fault(stack, `${name} is not supported`);
    }
    return intrinsic(stack, argument);
  }

  private readonly intrinsics: Readonly<Record<string, Intrinsic>> = {
    Ref: (stack, name) => this.ref(stack, text(stack, 'Ref', name)),
    'Fn::GetAtt': (stack, argument) => {
      const [logicalId, ...attribute] = Array.isArray(argument) ? argument : String(argument).split('.');
      const name = attribute.map((part) => text(stack, 'Fn::GetAtt', this.value(stack, part))).join('.');
      return this.attribute(stack, text(stack, 'Fn::GetAtt', logicalId), name);
    },
    'Fn::Join': (stack, argument) => {
      const [delimiter, items] = this.list(stack, 'Fn::Join', argument);
      return this.list(stack, 'Fn::Join', items)
        .map((item) => text(stack, 'Fn::Join', item))
        .join(text(stack, 'Fn::Join', delimiter));
    },
    'Fn::Sub': (stack, argument) => this.substitute(stack, argument),
    'Fn::Select': (stack, argument) => {
      const [index, items] = this.list(stack, 'Fn::Select', argument);
      const list = this.list(stack, 'Fn::Select', items);
      const item = list[Number(index)];
      if (item === undefined) {
        throw fault(stack, `Fn::Select asks for item ${String(index)} of a list of ${list.length}`);
      }
      return item;
    },
    'Fn::Split': (stack, argument) => {
      const [delimiter, source] = this.list(stack, 'Fn::Split', argument);
      return text(stack, 'Fn::Split', source).split(text(stack, 'Fn::Split', delimiter));
    },
    'Fn::If': (stack, argument) => {
      // Only the branch that holds is resolved: the other may name what does not exist.
      const [name, then, otherwise] = Array.isArray(argument) ? argument : [];
      return this.value(stack, this.namedCondition(stack, text(stack, 'Fn::If', name)) ? then : otherwise);
    },
    'Fn::FindInMap': (stack, argument) => {
      const [map, first, second, fallback] = this.list(stack, 'Fn::FindInMap', argument);
      const [mapName, outer, inner] = [map, first, second].map((part) => text(stack, 'Fn::FindInMap', part));
      const found = objectAt(objectAt(objectAt(stack.template, 'Mappings'), mapName ?? ''), outer ?? '')[inner ?? ''];
      const value = found ?? (isObject(fallback) ? fallback['DefaultValue'] : undefined);
      if (value === undefined) {
        throw fault(stack, `Fn::FindInMap finds no ${mapName}.${outer}.${inner}`);
      }
      return value;
    },
    'Fn::ImportValue': (stack, argument) =>
      this.imported(stack, text(stack, 'Fn::ImportValue', this.value(stack, argument))),
    'Fn::GetStackOutput': (stack, argument) => {
      // Written by the CDK for weak references. The stack is a name or an ARN.
      const reference = this.value(stack, argument);
      const producer = textAt(reference, 'StackName') ?? '';
      const name = /:stack\/([^/]+)/.exec(producer)?.[1] ?? producer;
      return this.output(stack, name, textAt(reference, 'OutputName') ?? '');
    },
    'Fn::GetAZs': (stack, argument) => {
      const region = this.value(stack, argument);
      return ['a', 'b', 'c'].map((zone) => `${region === '' ? stack.region : String(region)}${zone}`);
    },
    'Fn::Base64': (stack, argument) =>
      Buffer.from(text(stack, 'Fn::Base64', this.value(stack, argument))).toString('base64'),
    'Fn::Length': (stack, argument) => this.list(stack, 'Fn::Length', argument).length,
    'Fn::ToJsonString': (stack, argument) => JSON.stringify(this.value(stack, argument)),
  };

  private ref(stack: AssemblyStack, name: string): unknown {
    if (name === 'AWS::NoValue') {
      return NO_VALUE;
    }
    const pseudo = pseudoParameter(stack, name);
    if (pseudo !== undefined) {
      return pseudo;
    }
    const parameter = objectAt(stack.template, 'Parameters')[name];
    if (isObject(parameter)) {
      return parameterValue(stack, name, parameter);
    }
    const resource = this.resource(stack, name);
    return this.once(stack, `Ref ${name}`, () => refOf(resource, (property) => this.property(resource, property)));
  }

  private attribute(stack: AssemblyStack, logicalId: string, attribute: string): unknown {
    const resource = this.resource(stack, logicalId);
    const value = this.once(stack, `Fn::GetAtt ${logicalId}.${attribute}`, () =>
      attributeOf(resource, attribute, (property) => this.property(resource, property), this.addresses),
    );
    if (value === undefined) {
      throw fault(stack, `the attribute ${attribute} of ${logicalId} (${resource.type}) has no value on this machine`);
    }
    return value;
  }

  private resource(stack: AssemblyStack, logicalId: string): Resource {
    const resource = this.resources.get(`${stack.name}/${logicalId}`);
    if (resource === undefined) {
      throw fault(stack, `there is no resource or parameter ${logicalId}`);
    }
    return resource;
  }

  /** `${Name}`, `${Resource.Attribute}`, names of its own, and `${!Name}`, which stays `${Name}`. */
  private substitute(stack: AssemblyStack, argument: unknown): string {
    const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
    return text(stack, 'Fn::Sub', template).replace(/\$\{([^{}]+)\}/g, (placeholder, inner: string) => {
      const name = inner.trim();
      if (name.startsWith('!')) {
        return placeholder.replace('!', '');
      }
      if (isObject(variables) && Object.hasOwn(variables, name)) {
        return text(stack, 'Fn::Sub', this.value(stack, variables[name]));
      }
      const [logicalId, attribute] = split(name, '.');
      const value = attribute === undefined ? this.ref(stack, name) : this.attribute(stack, logicalId, attribute);
      return text(stack, 'Fn::Sub', value);
    });
  }

  private imported(stack: AssemblyStack, name: string): unknown {
    for (const producer of this.stacks) {
      for (const [outputName, output] of Object.entries(objectAt(producer.template, 'Outputs'))) {
        const exported = objectAt(output, 'Export')['Name'];
        if (exported !== undefined && this.resolve(producer, exported) === name) {
          return this.output(stack, producer.name, outputName);
        }
      }
    }
    throw fault(stack, `no stack of the assembly exports ${name}`);
  }

  private output(stack: AssemblyStack, producerName: string, outputName: string): unknown {
    const producer = this.stacks.find(({ name }) => name === producerName);
    const output = producer && objectAt(producer.template, 'Outputs')[outputName];
    if (producer === undefined || !isObject(output)) {
      throw fault(stack, `no stack ${producerName} with an output ${outputName} is in the assembly`);
    }
    return this.once(producer, `output ${outputName}`, () => this.value(producer, output['Value']));
  }

  private namedCondition(stack: AssemblyStack, name: string): boolean {
    const conditions = objectAt(stack.template, 'Conditions');
    if (!Object.hasOwn(conditions, name)) {
      throw fault(stack, `there is no condition ${name}`);
    }
    return this.once(stack, `condition ${name}`, () => this.holds(stack, conditions[name]));
  }

  private holds(stack: AssemblyStack, condition: unknown): boolean {
    const [name] = isObject(condition) ? Object.keys(condition) : [];
    const argument = isObject(condition) && name !== undefined ? condition[name] : undefined;
    const operands: readonly unknown[] = Array.isArray(argument) ? argument : [];
    switch (name) {
      case 'Condition':
        return this.namedCondition(stack, text(stack, name, argument));
      case 'Fn::Equals': {
        const [left, right] = operands.map((operand) => JSON.stringify(this.value(stack, operand)));
        return left === right;
      }
      case 'Fn::Not':
        return !this.holds(stack, operands[0]);
      case 'Fn::And':
        return operands.every((operand) => this.holds(stack, operand));
      case 'Fn::Or':
        return operands.some((operand) => this.holds(stack, operand));
      default:
        throw fault(stack, `${JSON.stringify(condition)} is not a condition`);
    }
  }

  private list(stack: AssemblyStack, intrinsic: string, argument: unknown): readonly unknown[] {
    const resolved = this.value(stack, argument);
    if (!Array.isArray(resolved)) {
      throw fault(stack, `${intrinsic} needs a list, received ${JSON.stringify(argument)}`);
    }
    return resolved;
  }

  private once<T>(stack: AssemblyStack, name: string, resolve: () => T): T {
    const key = `${stack.name}: ${name}`;
    if (this.open.has(key)) {
      throw fault(stack, `${name} depends on itself`);
    }
    this.open.add(key);
    try {
      return resolve();
    } finally {
      this.open.delete(key);
    }
  }
}

function pseudoParameter(stack: AssemblyStack, name: string): unknown {
  switch (name) {
    case 'AWS::AccountId':
      return ACCOUNT;
    case 'AWS::Region':
      return stack.region;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return stack.name;
    case 'AWS::StackId':
      return `arn:aws:cloudformation:${stack.region}:${ACCOUNT}:stack/${stack.name}/local`;
    case 'AWS::NotificationARNs':
      return [];
    default:
      return undefined;
  }
}

function parameterValue(stack: AssemblyStack, name: string, parameter: JsonObject): unknown {
  const value = parameter['Default'];
  const type = textAt(parameter, 'Type') ?? '';
  if (value === undefined || type.startsWith('AWS::SSM::Parameter::Value')) {
    throw fault(stack, `the parameter ${name} has no value on this machine: give it a default`);
  }
  return type === 'CommaDelimitedList' || type.startsWith('List<') ? String(value).split(',') : value;
}

function text(stack: AssemblyStack, intrinsic: string, value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  const received = typeof value === 'symbol' ? value.description : JSON.stringify(value);
  throw fault(stack, `${intrinsic} needs text, received ${received}`);
}

function split(value: string, delimiter: string): readonly [string, string | undefined] {
  const at = value.indexOf(delimiter);
  return at === -1 ? [value, undefined] : [value.slice(0, at), value.slice(at + 1)];
}

function fault(stack: AssemblyStack, message: string): LocalError {
  return new LocalError('ERR_LOCAL_TEMPLATE', `stack ${stack.name}: ${message}`);
}
