import { parseDockerfile } from '../../lib/local/dockerfile.js';

test('reads where the process runs, what it is and what its environment is', () => {
  const text = `
    # syntax=docker/dockerfile:1
    FROM public.ecr.aws/docker/library/node:22-slim
    WORKDIR /srv
    workdir app
    COPY . .
    RUN npm ci \\
      # a comment between lines that are continued
      --omit=dev
    ENV NODE_ENV=production GREETING="good \\"day\\"" PATHS='a b' ESCAPED=a\\ b
    ENV OLD way of saying
    ENTRYPOINT ["node", "--enable-source-maps"]
    CMD ["server.js"]
  `;
  expect(parseDockerfile(text)).toEqual({
    workingDirectory: '/srv/app',
    environment: {
      NODE_ENV: 'production',
      GREETING: 'good "day"',
      PATHS: 'a b',
      ESCAPED: 'a b',
      OLD: 'way of saying',
    },
    entryPoint: ['node', '--enable-source-maps'],
    command: ['server.js'],
  });
});

test('gives the shell what is in its form', () => {
  expect(parseDockerfile('FROM a\nCMD node server.js && echo done').command).toEqual([
    '/bin/sh',
    '-c',
    'node server.js && echo done',
  ]);
});

test('says nothing of what only the base image knows', () => {
  expect(parseDockerfile('FROM nginx\nCOPY . /usr/share/nginx/html')).toEqual({
    workingDirectory: '/',
    environment: {},
  });
});

describe('of several stages', () => {
  const text = `
    FROM node:22 AS Base
    WORKDIR /app
    ENV A=1
    FROM base AS build
    CMD ["npm", "run", "watch"]
    FROM --platform=linux/amd64 base
    CMD ["node", "server.js"]
  `;

  test('reads the last one, with what it continues', () => {
    expect(parseDockerfile(text)).toEqual({
      workingDirectory: '/app',
      environment: { A: '1' },
      command: ['node', 'server.js'],
    });
  });

  test('reads the one at which the build ends', () => {
    expect(parseDockerfile(text, 'build').command).toEqual(['npm', 'run', 'watch']);
  });

  test('refuses to end at one that is not there', () => {
    expect(() => parseDockerfile(text, 'release')).toThrow('its Dockerfile has no stage release');
  });
});

test('puts variables and the defaults of arguments in their places', () => {
  const text = `FROM a\nARG ROOT=/srv\nENV NAME=shop\nWORKDIR $ROOT/\${NAME}\nENV HOME_OF=\${NAME}-home NONE=$NOTHING`;
  expect(parseDockerfile(text)).toEqual({
    workingDirectory: '/srv/shop',
    environment: { NAME: 'shop', HOME_OF: 'shop-home', NONE: '' },
  });
});

test('puts something in the place of a variable that is empty, or that is not', () => {
  const text = `FROM a
    ARG STAGE
    ENV SET=1
    ENV A=\${STAGE:-production} B=\${SET:-no} C=\${SET:+yes} D=\${STAGE:+no}`;
  expect(parseDockerfile(text).environment).toEqual({ SET: '1', A: 'production', B: '1', C: 'yes', D: '' });
});

test('does not take the lines of a here-document for instructions', () => {
  const text = 'FROM a\nRUN <<EOF\nCMD wrong\nEOF\nCMD ["right"]';
  expect(parseDockerfile(text).command).toEqual(['right']);
});
