import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: { index: 'index.ts', cli: 'cli.ts' },
  format: ['esm'],
  platform: 'node',
  target: 'node20',
  dts: { entry: 'index.ts' },
  fixedExtension: false,
  // Started as processes of their own, and found beside the modules that start them.
  copy: [
    'worker.mjs',
    'worker-packages.mjs',
    'worker-resolve.mjs',
    'DynamoDBLoopback.java',
    // npm packs a licence only from the package's own folder.
    { from: '../../LICENSE', to: '.' },
  ],
});
