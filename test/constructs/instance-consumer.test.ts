import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Annotations, App, Aspects, CfnParameter, type Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { SessionAccess, SessionTable } from 'cdk-sessions';
import { attachmentsOf } from '../../lib/constructs/attachments.js';
import { parseContract } from '../../lib/contract/parse.js';
import { parseEnvironmentFile } from '../../lib/local/environment-file.js';
import { INSTANCE, launchTemplateApp, plainGroup } from '../support/compute.js';
import { refusalOf } from '../support/refusal.js';
import { deployedStack, plainFunction, templateOf, warningsOf } from '../support/stacks.js';
import { type CfnTemplate, onlyLogicalId, resolveIntrinsics } from '../support/template.js';

let stack: Stack;
let vpc: ec2.Vpc;
let table: SessionTable;

function inStackOf(app: App): void {
  stack = deployedStack(app);
  vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  table = new SessionTable(stack, 'Sessions');
}
beforeEach(() => inStackOf(launchTemplateApp()));

/** The user data of the only launch template or configuration, as an instance gets it. */
function userDataIn(template: CfnTemplate): string {
  const [resource] = Object.values(template.Resources).filter(({ Type }) =>
    /Launch(Template|Configuration)$/.test(Type),
  );
  const properties = resource?.Properties ?? {};
  const { UserData } = (properties['LaunchTemplateData'] ?? properties) as { UserData?: unknown };
  return Buffer.from(String(resolveIntrinsics(UserData, template)), 'base64').toString();
}

/** What a unit finds in its environment when the script has run. */
function environmentAfter(script: string, variable = 'CDK_SESSIONS'): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'instance-'));
  try {
    execFileSync('bash', ['-c', script.replaceAll('/etc/cdk-sessions', folder)]);
    return parseEnvironmentFile(readFileSync(join(folder, `${variable}.env`), 'utf8'))[variable];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const role = (id = 'Role') => new iam.Role(stack, id, { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });

function ownTemplate(props: ec2.LaunchTemplateProps = {}, id = 'Template'): ec2.LaunchTemplate {
  return new ec2.LaunchTemplate(stack, id, {
    ...INSTANCE,
    role: role(`${id}Role`),
    userData: ec2.UserData.forLinux(),
    securityGroup: new ec2.SecurityGroup(stack, `${id}Group`, { vpc }),
    ...props,
  });
}

function launchedBy(launchTemplate: ec2.ILaunchTemplate, id = 'Web'): autoscaling.AutoScalingGroup {
  const updatePolicy = autoscaling.UpdatePolicy.rollingUpdate();
  return new autoscaling.AutoScalingGroup(stack, id, { vpc, launchTemplate, updatePolicy });
}

function mixed(launchTemplateOverrides: autoscaling.LaunchTemplateOverrides[], launchTemplate = ownTemplate()) {
  return new autoscaling.AutoScalingGroup(stack, 'Web', {
    vpc,
    updatePolicy: autoscaling.UpdatePolicy.rollingUpdate(),
    mixedInstancesPolicy: { launchTemplate, launchTemplateOverrides },
  });
}

describe.each<[string, () => App, () => autoscaling.AutoScalingGroup]>([
  ['a launch template that CDK makes', launchTemplateApp, () => plainGroup(stack, vpc)],
  ['a launch configuration', () => new App(), () => plainGroup(stack, vpc)],
  ['a launch template of its own', () => new App(), () => launchedBy(ownTemplate())],
  [
    'a launch template for instances of several types',
    () => new App(),
    () => mixed([{ instanceType: new ec2.InstanceType('t4g.small') }]),
  ],
])('attaching a group with %s', (_, app, groupOf) => {
  let group: autoscaling.AutoScalingGroup;
  beforeEach(() => {
    inStackOf(app());
    group = groupOf();
  });

  test('tells its instances of the store: what is synthesized is what the client parses', () => {
    table.attachAutoScalingGroup(group);
    const template = templateOf(stack);
    expect(parseContract(environmentAfter(userDataIn(template)) ?? '')).toEqual({
      version: 1,
      stores: { primary: { kind: 'dynamodb', table: onlyLogicalId(template, 'AWS::DynamoDB::GlobalTable') } },
      policy: table.policy._toContract(),
    });
  });

  test('tells them before any other command, whenever that was added', () => {
    group.addUserData('echo before');
    table.attachAutoScalingGroup(group);
    group.addUserData('echo after');
    const lines = userDataIn(templateOf(stack)).split('\n');
    expect(lines[0]).toBe('#!/bin/bash');
    expect(lines[1]).toContain('EnvironmentFile=/etc/cdk-sessions/CDK_SESSIONS.env');
    expect(lines.slice(-3)).toEqual([')', 'echo before', 'echo after']);
  });

  test('grants their role what a function is granted, and nothing else', () => {
    table.attachAutoScalingGroup(group);
    const ofFunction = deployedStack();
    new SessionTable(ofFunction, 'Sessions').attachFunction(plainFunction(ofFunction));
    const statements = (of: Stack) =>
      Object.values(templateOf(of).Resources)
        .filter(({ Type }) => Type === 'AWS::IAM::Policy')
        .map(({ Properties }) => Properties?.['PolicyDocument']);
    expect(statements(stack)).toEqual(statements(ofFunction));
  });

  test('is known of the group', () => {
    table.attachAutoScalingGroup(group);
    expect([...attachmentsOf(group)]).toEqual([['CDK_SESSIONS', { store: table, access: SessionAccess.READ_WRITE }]]);
  });

  test('does nothing the second time', () => {
    table.attachAutoScalingGroup(group);
    table.attachAutoScalingGroup(group);
    expect(userDataIn(templateOf(stack)).match(/mktemp/g)).toHaveLength(1);
  });

  test('takes a second store under a variable of its own, and not under the same', () => {
    const other = SessionTable.fromSessionTableAttributes(stack, 'Admin', { tableName: 'admin' });
    table.attachAutoScalingGroup(group);
    expect(refusalOf(() => other.attachAutoScalingGroup(group))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        "CDK_SESSIONS already tells of the store Stack/Sessions: give Stack/Admin a variable of its own, attachAutoScalingGroup(group, { variable: 'OTHER_SESSIONS' }) (at Stack/Web)",
    });
    other.attachAutoScalingGroup(group, { variable: 'ADMIN_SESSIONS' });
    const userData = userDataIn(templateOf(stack));
    expect(environmentAfter(userData)).toContain('SessionsTable');
    expect(environmentAfter(userData, 'ADMIN_SESSIONS')).toContain('"table":"admin"');
  });

  test('fails at synth if other user data takes its place', () => {
    table.attachAutoScalingGroup(group);
    for (const construct of stack.node.findAll()) {
      if (construct instanceof ec2.CfnLaunchTemplate) {
        construct.launchTemplateData = {};
      } else if (construct instanceof autoscaling.CfnLaunchConfiguration) {
        construct.userData = '';
      }
    }
    expect(refusalOf(() => templateOf(stack)).message).toContain(
      '[Stack/Web] CDK_SESSIONS is not what attachAutoScalingGroup() wrote: remove what sets it later, or attach Stack/Sessions with a variable of its own',
    );
  });

  test('leaves in place what else CDK changes of what launches them', () => {
    table.attachAutoScalingGroup(group);
    const configured = stack.node.findAll().some((each) => each instanceof autoscaling.CfnLaunchConfiguration);
    Aspects.of(stack).add(
      configured ? new autoscaling.AutoScalingGroupRequireImdsv2Aspect() : new ec2.LaunchTemplateRequireImdsv2Aspect(),
    );
    const template = templateOf(stack);
    expect(environmentAfter(userDataIn(template))).toBeDefined();
    expect(JSON.stringify(template)).toContain('"HttpTokens":"required"');
  });
});

test('two groups that share a launch template are both attached, and their instances are told once', () => {
  const template = ownTemplate();
  for (const group of [launchedBy(template), launchedBy(template, 'Canary')]) {
    table.attachAutoScalingGroup(group);
  }
  expect(userDataIn(templateOf(stack)).match(/mktemp/g)).toHaveLength(1);
});

describe('user data in several parts', () => {
  const boundary = /--\+AWS\+CDK\+User\+Data\+Separator==\n/;

  test('gets one that runs before all scripts, whatever its own formats are', () => {
    const userData = new ec2.MultipartUserData();
    userData.addUserDataPart(ec2.UserData.custom('#cloud-config\n'), 'text/cloud-config');
    userData.addUserDataPart(ec2.UserData.forLinux());
    table.attachAutoScalingGroup(launchedBy(ownTemplate({ userData })));
    userData.addCommands('echo after');
    const parts = userDataIn(templateOf(stack)).split(boundary);
    const [head = '', body = ''] = parts[3]?.split('\n\n') ?? [];
    expect(parts).toHaveLength(4);
    expect(head).toContain('Content-Type: text/cloud-boothook');
    const script = Buffer.from(body.split('\n')[0] ?? '', 'base64').toString();
    expect(script).toMatch(/^#!\/bin\/sh\n/);
    expect(script).not.toContain('echo after');
    expect(environmentAfter(script)).toContain('"dynamodb"');
  });
});

describe('what instances are told, when it changes,', () => {
  const ID = 'cdk-sessions:noRollout';
  const attached = (props: Partial<autoscaling.AutoScalingGroupProps>) => {
    const group = new autoscaling.AutoScalingGroup(stack, 'Web', { vpc, ...INSTANCE, ...props });
    table.attachAutoScalingGroup(group);
    return group;
  };
  const WARNING = `Stack/Web goes on with what its instances were told when they started, whatever is deployed: give it updatePolicy: UpdatePolicy.rollingUpdate(), or acknowledge this if something else replaces them [ack: ${ID}]`;

  test.each<[string, Partial<autoscaling.AutoScalingGroupProps>, string[]]>([
    ['reaches those that run by a rolling update', { updatePolicy: autoscaling.UpdatePolicy.rollingUpdate() }, []],
    ['and by a replacement of the group', { updatePolicy: autoscaling.UpdatePolicy.replacingUpdate() }, []],
    ['reaches new ones alone without a policy, of which a warning tells', {}, [WARNING]],
    ['and with one that is not about that', { ignoreUnmodifiedSizeProperties: true }, [WARNING]],
    ['and with none at all', { ignoreUnmodifiedSizeProperties: false }, [WARNING]],
  ])('%s', (_, props, warnings) => {
    attached(props);
    expect(warningsOf(stack)).toEqual(warnings);
  });

  test('may be left alone, if that is said', () => {
    const group = attached({});
    Annotations.of(group).acknowledgeWarning(ID, 'instances live for a day');
    expect(warningsOf(stack)).toEqual([]);
  });
});

describe('what cannot be told of a store', () => {
  const HIDDEN = (what: string) =>
    `instances are told by the user data of what launches them, and its role is granted, received a launch template that hides its ${what}: create it in this app, new LaunchTemplate(this, 'Template', { role, userData: UserData.forLinux() }) (at Stack/Web)`;
  const SHELL = (beginning: string) =>
    `an instance is told by a shell script of its user data, which systemd gives to a service, received user data that begins with ${JSON.stringify(beginning)}: take UserData.forLinux(), or put other formats beside it with MultipartUserData (at Stack/Web)`;
  const OVERRIDES =
    'a store is attached to what launches all instances of a group, received a mixed instances policy with launch templates of its own among the overrides: let all of them take the one template (at Stack/Web)';
  const imported = () =>
    ec2.LaunchTemplate.fromLaunchTemplateAttributes(stack, 'Imported', { launchTemplateId: 'lt-0123456789abcdef0' });
  const withUserData = (userData: ec2.UserData) => plainGroup(stack, vpc, { userData });

  test.each<[string, () => autoscaling.AutoScalingGroup, string]>([
    ['a group with an imported launch template', () => launchedBy(imported()), HIDDEN('user data')],
    ['one made without user data', () => hidden({ userData: undefined }), HIDDEN('user data')],
    ['one made without a role', () => launchedBy(ownTemplate({ role: undefined })), HIDDEN('role')],
    [
      'one with a profile whose role is not known',
      () => {
        const instanceProfile = iam.InstanceProfile.fromInstanceProfileName(stack, 'Profile', 'web');
        return launchedBy(ownTemplate({ role: undefined, instanceProfile }));
      },
      HIDDEN('role'),
    ],
    [
      'one that an escape hatch replaced',
      () => {
        const template = ownTemplate();
        const resource = template.node.defaultChild ?? template.node.findChild('Resource');
        if (resource instanceof ec2.CfnLaunchTemplate) {
          resource.launchTemplateData = { resolve: () => ({}), creationStack: [], toString: () => '' };
        }
        return launchedBy(template);
      },
      HIDDEN('user data'),
    ],
    [
      'a mixed instances policy with a second template',
      () => mixed([{ instanceType: new ec2.InstanceType('c7i.large'), launchTemplate: ownTemplate({}, 'Intel') }]),
      OVERRIDES,
    ],
    [
      'a mixed instances policy with an imported second template',
      () => mixed([{ instanceType: new ec2.InstanceType('c7i.large'), launchTemplate: imported() }]),
      OVERRIDES,
    ],
    [
      'Windows',
      () => plainGroup(stack, vpc, { machineImage: ec2.MachineImage.genericWindows({ 'us-east-1': 'ami-1' }) }),
      SHELL('<powershell></powershell>'),
    ],
    [
      'user data of cloud-config',
      () => withUserData(ec2.UserData.custom('#cloud-config\npackages: []')),
      SHELL('#cloud-config'),
    ],
    [
      'a script of another language',
      () => withUserData(ec2.UserData.forLinux({ shebang: '#!/usr/bin/env python3' })),
      SHELL('#!/usr/bin/env python3'),
    ],
    ['no user data', () => withUserData(ec2.UserData.custom('')), SHELL('')],
  ])('is %s', (_, group, message) => {
    expect(refusalOf(() => table.attachAutoScalingGroup(group()))).toEqual({ code: 'ERR_SESSION_ATTACH', message });
  });

  /** Without the defaults that new projects have. */
  function hidden(props: ec2.LaunchTemplateProps): autoscaling.AutoScalingGroup {
    inStackOf(new App());
    return launchedBy(ownTemplate(props));
  }

  test('is an imported group', () => {
    // Only TypeScript tells the two apart before it runs.
    const group = autoscaling.AutoScalingGroup.fromAutoScalingGroupName(
      stack,
      'Web',
      'web',
    ) as autoscaling.AutoScalingGroup;
    expect(refusalOf(() => table.attachAutoScalingGroup(group)).message).toBe(
      'an imported Auto Scaling group tells neither its role nor its user data: attach where it is created, or grant its role with grantReadWrite() and set the variable by hand (at Stack/Web)',
    );
  });
});

test.each(['#!/bin/sh', '#!/bin/bash -xe', '#!/usr/bin/env bash', '#! /usr/local/bin/zsh', '#!/usr/bin/dash'])(
  'a script that begins with %s can be told',
  (shebang) => {
    table.attachAutoScalingGroup(plainGroup(stack, vpc, { userData: ec2.UserData.forLinux({ shebang }) }));
    expect(userDataIn(templateOf(stack)).split('\n')[0]).toBe(shebang);
  },
);

describe('the size of user data', () => {
  const withComment = (length: number) => {
    const group = plainGroup(stack, vpc);
    group.addUserData(`# ${'ü'.repeat(length / 2)}`, new CfnParameter(stack, 'Command').valueAsString);
    table.attachAutoScalingGroup(group);
  };

  test('is refused at synth when it exceeds what EC2 takes for certain, in bytes', () => {
    withComment(16_000);
    expect(refusalOf(() => templateOf(stack)).message).toMatch(
      /the user data takes at least 16[4-9]\d\d bytes, and EC2 takes at most 16384: let it download what is long, as userData\.addS3DownloadCommand\(\) does/,
    );
  });

  test('is not refused for what references may turn into', () => {
    withComment(15_000);
    expect(userDataIn(templateOf(stack)).length).toBeGreaterThan(8_000);
  });
});
