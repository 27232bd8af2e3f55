import { Fn, Lazy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { InstanceLaunch, LaunchResource } from './instance-launch.js';

const firstCommands = new WeakMap<LaunchResource, string[]>();

/**
 * Has instances run commands of a POSIX shell before all others of their user data, whenever those were or are added:
 * `addCommands()` adds at the end, where it is too late for a service that was started before.
 */
export function runFirst({ resource, userData }: InstanceLaunch, commands: string): void {
  if (userData instanceof ec2.MultipartUserData) {
    // cloud-init runs such a part, wherever it stands, while it reads the user data, and scripts when the instance is up.
    const part = ec2.UserData.forLinux({ shebang: '#!/bin/sh' });
    part.addCommands(commands);
    userData.addUserDataPart(part, ec2.MultipartBody.CLOUD_BOOTHOOK, false);
    return;
  }
  const present = firstCommands.get(resource);
  if (present) {
    present.push(commands);
    return;
  }
  const first = [commands];
  firstCommands.set(resource, first);
  const rendered = Lazy.string({ produce: () => Fn.base64(afterShebang(userData.render(), first)) });
  if (resource instanceof ec2.CfnLaunchTemplate) {
    resource.launchTemplateData = { ...resource.launchTemplateData, userData: rendered };
  } else {
    resource.userData = rendered;
  }
}

/** The user data of a resource, as it stands in the template. */
export function renderedUserData(resource: LaunchResource): unknown {
  const stack = Stack.of(resource);
  return resource instanceof ec2.CfnLaunchTemplate
    ? stack.resolve(resource.launchTemplateData).userData
    : stack.resolve(resource.userData);
}

/** Why user data cannot begin with commands of a shell, or `undefined`. */
export function shellFault(userData: ec2.UserData): string | undefined {
  if (userData instanceof ec2.MultipartUserData) {
    return undefined;
  }
  const [shebang = ''] = userData.render().split('\n');
  return /^#!\s*(?:\S*\/)?(?:env\s+)?(?:ba|da|k|z)?sh(?:\s|$)/.test(shebang)
    ? undefined
    : `an instance is told by a shell script of its user data, which systemd gives to a service, received user data that begins with ${JSON.stringify(shebang.slice(0, 40))}: take UserData.forLinux(), or put other formats beside it with MultipartUserData`;
}

function afterShebang(script: string, commands: readonly string[]): string {
  const [shebang, ...rest] = script.split('\n');
  return [shebang, ...commands, ...rest].join('\n');
}
