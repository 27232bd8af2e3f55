// Checking each template that a test synthesizes takes seconds: the suite that is about those checks turns them on.
process.env.CDK_VALIDATION ??= 'false';

const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: {
    '^cdk-sessions$': '<rootDir>/lib/constructs/index.ts',
    '^cdk-sessions-client$': '<rootDir>/lib/client/index.ts',
    '^cdk-sessions-client/testing$': '<rootDir>/lib/client/testing/index.ts',
    '^cdk-sessions-client/(express(?:-session)?)$': '<rootDir>/lib/client/hosts/$1.ts',
    '^cdk-sessions-client/(.*)$': '<rootDir>/lib/client/stores/$1.ts',
    '^cdk-sessions-local$': '<rootDir>/lib/local/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/lib/.*/dist/', 'cdk\\.out'],
};

module.exports = {
  testTimeout: 60_000,
  // Many tests wait for servers more than they work.
  maxWorkers: '100%',
  // What runs on every request: each branch of it is tested, or marked with the reason why not.
  collectCoverageFrom: ['lib/{client,contract}/**/*.ts', '!lib/**/dist/**'],
  coverageThreshold: { global: { branches: 100 } },
  coverageReporters: [['text', { skipFull: true }]],
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '/test/browser/', '/test/packages/', '\\.latest\\.test\\.ts$'],
    },
    {
      // The constructs again, on the newest aws-cdk-lib, with what the oldest that we support lacks: cdk-nag, Validations.
      ...base,
      displayName: 'latest aws-cdk-lib',
      testMatch: ['<rootDir>/test/{constructs,examples}/**/*.test.ts'],
      // About shells and systemd, which are the same whatever wrote the commands.
      testPathIgnorePatterns: ['/node_modules/', '/constructs/instance-environment\\.test\\.ts$'],
      moduleNameMapper: { ...base.moduleNameMapper, '^aws-cdk-lib(/.*)?$': 'aws-cdk-lib-latest$1' },
    },
    {
      // The packed tarballs, in empty projects: builds all packages and installs them from the registry.
      ...base,
      displayName: 'packages',
      testMatch: ['<rootDir>/test/packages/**/*.test.ts'],
    },
  ],
};
