/**
 * The arrows of ARCHITECTURE.md: examples, bin → constructs → contract ← client, functions, local.
 * Each rule names a room and the only rooms that it may enter.
 */
const room = (name, allowed) => ({
  name: `${name.replaceAll('/', '-')}-imports`,
  severity: 'error',
  from: { path: `^${name}/` },
  to: { path: '^(lib|bin|examples|test)/', pathNot: [name, ...allowed].map((path) => `^${path}/`) },
});

module.exports = {
  forbidden: [
    room('lib/contract', []),
    room('lib/constructs', ['lib/contract']),
    room('lib/functions', ['lib/contract']),
    room('lib/client', ['lib/contract']),
    room('lib/local', ['lib/contract']),
    room('examples', ['lib/constructs', 'lib/client', 'lib/local']),
    room('bin', ['examples', 'lib/constructs']),
    {
      name: 'contract-imports-nothing',
      comment: 'Both sides compile it in; it must cost neither of them a dependency.',
      severity: 'error',
      from: { path: '^lib/contract/' },
      to: { pathNot: '^lib/contract/' },
    },
    {
      name: 'client-knows-no-cdk',
      severity: 'error',
      from: { path: '^lib/client/' },
      to: { path: 'node_modules/(aws-cdk-lib|constructs)/' },
    },
    {
      name: 'stores-know-no-engine',
      comment: 'A store keeps opaque values; what a session is, only the engine knows.',
      severity: 'error',
      from: { path: '^lib/client/stores/' },
      to: { path: '^lib/client/', pathNot: '^lib/client/(stores/|errors|clock|base64url)' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|cdk\\.out)/' },
  },
};
