import path from 'node:path';
import { ecsServiceDefinition } from '../../lib/local/ecs-service.js';
import { type FixtureOptions, removeFolders } from './fixture.js';
import { definitionOf } from './fleet-definitions.js';
import { balancer, ecsService, taskDefinition } from './services.js';

afterAll(removeFolders);

const DOCKERFILE = `FROM node:22
WORKDIR /app
ENV NODE_ENV=production GREETING=image
CMD ["node", "/app/server.js"]
`;
const IMAGES = { image: { Dockerfile: DOCKERFILE, 'server.js': '' } };

/** Reads a service whose task has one container, which differs from the usual by these properties. */
async function read(
  container: Readonly<Record<string, unknown>> = {},
  service: Readonly<Record<string, unknown>> = {},
  { images = IMAGES, ...options }: FixtureOptions = {},
) {
  const Resources = {
    Service: ecsService('Task', ['Group'], service),
    Task: taskDefinition('image', container),
    ...balancer(),
    Secret: {
      Type: 'AWS::SecretsManager::Secret',
      Properties: { Name: 'shop', SecretString: '{"password":"open sesame"}' },
    },
  };
  const { definition, folder } = await definitionOf(
    ecsServiceDefinition,
    { Web: { Resources } },
    { images, ...options },
  );
  const [program] = definition.programs;
  if (program === undefined) {
    throw new Error('it runs nothing');
  }
  return { definition, folder, program, command: program.command({}) };
}

test('reads how many tasks there are, what they run, where, and behind which target group', async () => {
  const { definition, program, folder, command } = await read();
  expect(definition).toMatchObject({
    kind: 'ecs-service',
    name: 'Web-Service',
    desired: 2,
    registrations: [{ targetGroupArn: expect.stringContaining('targetgroup/'), program: 'web' }],
    stopTimeout: 30_000,
    stopsAll: false,
  });
  expect(program).toMatchObject({ name: 'web', folder: path.join(folder, 'image'), port: 8080 });
  expect(command).toEqual([process.execPath, path.join(folder, 'image', 'server.js')]);
  expect(definition.limits).toEqual([
    `the container web runs from ${path.join(folder, 'image')}: its image is not built, so what the build would make must be there`,
  ]);
});

describe('the command', () => {
  const dockerfile = (text: string): FixtureOptions => ({ images: { image: { Dockerfile: text } } });

  test('of the container goes before that of its image', async () => {
    expect((await read({ Command: ['node', 'other.js'] })).command).toEqual([process.execPath, 'other.js']);
  });

  test('is what the entry point of the image is given', async () => {
    const options = dockerfile('FROM a\nENTRYPOINT ["/usr/local/bin/node", "--trace-warnings"]\nCMD ["a.js"]');
    expect((await read({}, {}, options)).command).toEqual([process.execPath, '--trace-warnings', 'a.js']);
    expect((await read({ Command: ['b.js'] }, {}, options)).command).toEqual([
      process.execPath,
      '--trace-warnings',
      'b.js',
    ]);
  });

  test('of the image does not follow an entry point of the container', async () => {
    expect((await read({ EntryPoint: ['npm', 'start'] })).command).toEqual(['npm', 'start']);
  });

  test('of an image out of a registry must be that of the container', async () => {
    await expect(read({ Image: 'nginx:1.27' })).rejects.toMatchObject({
      code: 'ERR_LOCAL_TEMPLATE',
      message:
        'its container web has no command: its image nginx:1.27 comes from a registry, and no image is pulled or built here: give it a command',
    });
    const { definition, program, command } = await read({ Image: 'node:22', Command: ['node', '-e', '0'] });
    expect(command).toEqual([process.execPath, '-e', '0']);
    expect(program.folder).toBeUndefined();
    expect(definition.limits).toContain(
      'the container web runs with the programs of this machine: its image node:22 is not pulled',
    );
  });

  test('must be there', async () => {
    await expect(read({}, {}, dockerfile('FROM nginx'))).rejects.toThrow(
      'its container web has no command: its Dockerfile names none, and no image is pulled or built here',
    );
  });

  test('needs a Dockerfile that is there', async () => {
    await expect(read({}, {}, { images: { image: {} } })).rejects.toThrow(
      'its container web has a Dockerfile that cannot be read: ENOENT',
    );
  });
});

test('runs in the folder of the container that is in the sources', async () => {
  await expect(read({ WorkingDirectory: '/app/web' })).rejects.toThrow(
    'its container web runs in /app/web, and there is no folder',
  );
  const { program, folder } = await read({ WorkingDirectory: '/elsewhere' });
  expect(program.folder).toBe(path.join(folder, 'image'));
});

describe('the environment', () => {
  test('is that of the image and, before it, that of the container', async () => {
    const { program } = await read({
      Environment: [
        { Name: 'GREETING', Value: 'task' },
        { Name: 'STACK', Value: { Ref: 'AWS::StackName' } },
      ],
    });
    expect(program.variables).toEqual({
      NODE_ENV: 'production',
      GREETING: 'task',
      STACK: 'Web',
      AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
    });
  });

  test('has secrets', async () => {
    const { program } = await read({
      Secrets: [
        { Name: 'ALL', ValueFrom: { Ref: 'Secret' } },
        { Name: 'PASSWORD', ValueFrom: { 'Fn::Join': ['', [{ Ref: 'Secret' }, ':password::']] } },
      ],
    });
    expect(program.variables).toMatchObject({ ALL: '{"password":"open sesame"}', PASSWORD: 'open sesame' });
  });

  test('says on which launch type it is', async () => {
    const { program } = await read({}, { LaunchType: 'EC2' });
    expect(program.variables['AWS_EXECUTION_ENV']).toBe('AWS_ECS_EC2');
  });

  test('has another port than the template says, which is told', async () => {
    const { definition } = await read({ Environment: [{ Name: 'PORT', Value: '8080' }] });
    expect(definition.limits).toContain(
      'its variable PORT is not 8080 here: it names a free port, another one for each process',
    );
  });
});

test('does not mind what does not matter here', async () => {
  const logs = { LogDriver: 'awslogs', Options: { group: { 'Fn::GetAtt': ['Nobody', 'Name'] } } };
  expect((await read({ LogConfiguration: logs })).definition.desired).toBe(2);
});

test.each([
  [{ HealthCheck: { Command: ['CMD', 'true'] } }, {}, 'the health check of the container web is not run'],
  [{ EnvironmentFiles: [{ Value: 'arn', Type: 's3' }] }, {}, 'the environment files of the container web are not read'],
  [{ MountPoints: [{ SourceVolume: 'v' }] }, {}, 'the container web has no volumes'],
  [{}, { SchedulingStrategy: 'DAEMON' }, 'it has one task, as there are no instances of which each would have one'],
  [{}, { ServiceRegistries: [] }, 'nobody finds it by the names of its ServiceRegistries here'],
])('of %j and %j says what is not here', async (container, service, limit) => {
  expect((await read(container, service)).definition.limits).toContain(limit);
});

test('runs all essential containers of a task, and says which ones it does not run', async () => {
  const Resources = {
    Service: ecsService('Task', []),
    Task: taskDefinition(
      'image',
      { StopTimeout: 5 },
      { Name: 'worker', Image: 'node', Command: ['node', 'w.js'], StopTimeout: 7 },
      { Name: 'logs', Image: 'fluentbit', Essential: false },
    ),
  };
  const { definition } = await definitionOf(ecsServiceDefinition, { Web: { Resources } }, { images: IMAGES });
  expect(definition.programs.map(({ name, port }) => [name, port])).toEqual([
    ['web', 8080],
    ['worker', undefined],
  ]);
  expect(definition.stopTimeout).toBe(7000);
  expect(definition.limits).toContain('its container logs is not essential and does not run');
});

test('has the port for which its target group asks; another target group of another port gets nothing', async () => {
  const loadBalancers = [9090, 9091].map((ContainerPort) => ({
    ContainerName: 'web',
    ContainerPort,
    TargetGroupArn: `arn:${ContainerPort}`,
  }));
  const { definition, program } = await read({}, { LoadBalancers: loadBalancers });
  expect(program.port).toBe(9090);
  expect(definition.registrations).toEqual([{ targetGroupArn: 'arn:9090', program: 'web' }]);
  expect(definition.limits).toContain(
    'its container web listens on one port here: arn:9091, which is for port 9091, gets no targets',
  );
});

test('has one of its containers behind a target group, though several are said to be', async () => {
  const other = { ContainerName: 'admin', ContainerPort: 9090, TargetGroupArn: { Ref: 'Group' } };
  const web = { ContainerName: 'web', ContainerPort: 8080, TargetGroupArn: { Ref: 'Group' } };
  const { definition } = await definitionOf(
    ecsServiceDefinition,
    {
      Web: {
        Resources: {
          Service: ecsService('Task', [], { LoadBalancers: [web, other] }),
          Task: taskDefinition('image', {}, { Name: 'admin', Image: 'admin', Command: ['node', 'admin.js'] }),
          ...balancer(),
        },
      },
    },
    { images: IMAGES },
  );
  expect(definition.registrations.map(({ program }) => program)).toEqual(['web']);
  expect(definition.limits).toContainEqual(
    expect.stringMatching(/^its container admin gets no requests here: arn:.* has the container web of each task$/),
  );
});

test('needs an essential container', async () => {
  await expect(read({ Essential: false })).rejects.toMatchObject({
    code: 'ERR_LOCAL_TEMPLATE',
    message: 'its task definition has no essential container',
  });
});

test('finds a task definition in another stack, and refuses one that is in none', async () => {
  const Task = taskDefinition('image');
  const Outputs = { Task: { Value: { Ref: 'Task' }, Export: { Name: 'task' } } };
  const service = (reference: unknown) => ({ Service: ecsService('', [], { TaskDefinition: reference }) });
  const stacks = (reference: unknown) => ({
    Tasks: { Resources: { Task }, Outputs },
    Web: { Resources: service(reference) },
  });
  const options = { images: IMAGES };
  const found = await definitionOf(ecsServiceDefinition, stacks({ 'Fn::ImportValue': 'task' }), options);
  expect(found.definition.programs).toHaveLength(1);
  await expect(definitionOf(ecsServiceDefinition, stacks('other:3'), options)).rejects.toThrow(
    'its task definition, other:3, is not in the stacks that run',
  );
});
