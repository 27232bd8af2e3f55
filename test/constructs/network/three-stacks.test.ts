import { App, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { SessionKeys } from 'cdk-sessions';
import { NetworkedStore } from '../../support/networked-store.js';
import { deployedStack, plainFunction, templateOf } from '../../support/stacks.js';

const ISOLATED = ec2.SubnetType.PRIVATE_ISOLATED;

/** A store, its network and a function, each in a stack of its own. */
class ThreeStacks {
  readonly app = new App();
  readonly network = deployedStack(this.app, 'Network');
  readonly storage = deployedStack(this.app, 'Storage');
  readonly web = deployedStack(this.app, 'Web');
  readonly vpc = new ec2.Vpc(this.network, 'Vpc', {
    subnetConfiguration: [{ name: 'isolated', subnetType: ISOLATED }],
  });

  group(stack: Stack, id: string): ec2.SecurityGroup {
    return new ec2.SecurityGroup(stack, id, { vpc: this.vpc, allowAllOutbound: false });
  }

  store(securityGroup?: ec2.SecurityGroup): NetworkedStore {
    return new NetworkedStore(this.storage, 'Sessions', {
      vpc: this.vpc,
      keys: new SessionKeys(this.storage, 'Keys'),
      ...(securityGroup && { securityGroup }),
    });
  }

  function(stack: Stack, securityGroup?: ec2.SecurityGroup) {
    return plainFunction(stack, 'Web', {
      vpc: this.vpc,
      vpcSubnets: { subnetType: ISOLATED },
      ...(securityGroup ? { securityGroups: [securityGroup] } : { allowAllOutbound: false }),
    });
  }

  /** Which stacks each stack waits for. @throws if one waits for itself. */
  dependencies(): Record<string, string[]> {
    const { stacks } = this.app.synth();
    return Object.fromEntries(
      stacks.map(({ id, dependencies }) => [
        id,
        dependencies.map((dependency) => dependency.id.split('.')[0] ?? '').filter((name) => name !== id),
      ]),
    );
  }
}

/** How many rules of a kind a stack makes for a port, apart from its groups. */
function rules(stack: Stack, kind: 'Ingress' | 'Egress', port: number): number {
  return Object.values(templateOf(stack).Resources).filter(
    ({ Type, Properties }) => Type === `AWS::EC2::SecurityGroup${kind}` && Properties?.['FromPort'] === port,
  ).length;
}

test.each([
  ['storage', 'web'],
  ['storage', 'network'],
  ['network', 'web'],
  ['network', 'network'],
] as const)(
  'a store with its security group in %s takes a function with its own in %s',
  (storeGroup, functionGroup) => {
    const stacks = new ThreeStacks();
    const store = stacks.store(stacks.group(stacks[storeGroup], 'StoreGroup'));
    store.attachFunction(stacks.function(stacks.web, stacks.group(stacks[functionGroup], 'FunctionGroup')));
    expect(stacks.dependencies()).toEqual({ Network: [], Storage: ['Network'], Web: ['Network', 'Storage'] });
  },
);

test('the rules are in the stack of the function', () => {
  const stacks = new ThreeStacks();
  stacks.store().attachFunction(stacks.function(stacks.web));
  for (const kind of ['Ingress', 'Egress'] as const) {
    expect([stacks.network, stacks.storage, stacks.web].map((stack) => rules(stack, kind, 6379))).toEqual([0, 0, 1]);
    expect([stacks.network, stacks.storage, stacks.web].map((stack) => rules(stack, kind, 443))).toEqual([0, 0, 1]);
  }
});

test('so they are when the groups of store and function are in further stacks', () => {
  const stacks = new ThreeStacks();
  const storeGroups = deployedStack(stacks.app, 'StoreGroups');
  const functionGroups = deployedStack(stacks.app, 'FunctionGroups');
  stacks
    .store(stacks.group(storeGroups, 'Group'))
    .attachFunction(stacks.function(stacks.web, stacks.group(functionGroups, 'Group')));
  expect(stacks.dependencies()).toMatchObject({ FunctionGroups: ['Network'], StoreGroups: ['Network'] });
  expect(rules(stacks.web, 'Ingress', 6379)).toBe(1);
  expect(rules(stacks.web, 'Egress', 6379)).toBe(1);
});

test('functions of two stacks may share a group that stands with the VPC: EC2 refuses one rule twice', () => {
  const stacks = new ThreeStacks();
  const admin = deployedStack(stacks.app, 'Admin');
  const shared = stacks.group(stacks.network, 'Shared');
  const store = stacks.store();
  for (const stack of [stacks.web, admin]) {
    store.attachFunction(stacks.function(stack, shared));
  }
  expect(stacks.dependencies()).toEqual({
    Network: [],
    Storage: ['Network'],
    Web: ['Network', 'Storage'],
    Admin: ['Network', 'Storage'],
  });
  const all = [stacks.network, stacks.storage, stacks.web, admin];
  expect(all.map((stack) => rules(stack, 'Ingress', 6379))).toEqual([0, 1, 0, 0]);
  expect(all.map((stack) => rules(stack, 'Egress', 6379))).toEqual([0, 1, 0, 0]);
  expect(all.map((stack) => rules(stack, 'Ingress', 443))).toEqual([1, 0, 0, 0]);
});

test('the endpoints are in the stack of the VPC, once for the functions of two stacks', () => {
  const stacks = new ThreeStacks();
  const admin = deployedStack(stacks.app, 'Admin');
  const store = stacks.store();
  for (const stack of [stacks.web, admin]) {
    store.attachFunction(stacks.function(stack));
  }
  const endpoints = [stacks.network, stacks.storage, stacks.web, admin].map(
    (stack) => Object.values(templateOf(stack).Resources).filter(({ Type }) => Type === 'AWS::EC2::VPCEndpoint').length,
  );
  expect(endpoints).toEqual([1, 0, 0, 0]);
});

test.each([
  ['all three', 'App', 'App', 'App'],
  ['the VPC and the store', 'Base', 'Base', 'Web'],
  ['the store and the function', 'Network', 'App', 'App'],
])('%s may share a stack', (_, vpcIn, storeIn, functionIn) => {
  const app = new App();
  const stack = (id: string) => (app.node.tryFindChild(id) as Stack | undefined) ?? deployedStack(app, id);
  const vpc = new ec2.Vpc(stack(vpcIn), 'Vpc');
  const store = new NetworkedStore(stack(storeIn), 'Sessions', { vpc });
  store.attachFunction(plainFunction(stack(functionIn), 'Function', { vpc, allowAllOutbound: false }));
  expect(() => app.synth()).not.toThrow();
  expect(rules(stack(functionIn), 'Ingress', 6379)).toBe(1);
  expect(rules(stack(functionIn), 'Egress', 6379)).toBe(1);
});
