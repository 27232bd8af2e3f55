import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: {
    index: 'index.ts',
    dynamodb: 'stores/dynamodb.ts',
    express: 'hosts/express.ts',
    'express-session': 'hosts/express-session.ts',
    memory: 'stores/memory.ts',
    redis: 'stores/redis.ts',
    testing: 'testing/index.ts',
  },
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20',
  dts: true,
  fixedExtension: false,
  // npm packs a licence only from the package's own folder.
  copy: [{ from: '../../LICENSE', to: '.' }],
});
