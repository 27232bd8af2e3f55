#!/usr/bin/env node
// Committed, so that npm finds something to link in a checkout that is not built yet.
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  console.error('cdk-sessions-local is not built in this checkout: npm run build');
  process.exitCode = 1;
}
