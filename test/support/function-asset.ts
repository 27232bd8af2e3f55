import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the code of a function is that is deployed. */
export function assetOf(name: string): string {
  return `assets/${name}/index.js`;
}

/** What `npm run build:functions` makes of a function now. */
export function bundleOf(name: string): string {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const [command = '', ...options]: string[] = scripts['build:functions'].split(' ');
  const outdir = mkdtempSync(join(tmpdir(), 'function-'));
  try {
    const elsewhere = options.map((option) =>
      option.replace('--outdir=assets', `--outdir=${outdir}`).replaceAll("'", ''),
    );
    execFileSync(`node_modules/.bin/${command}`, elsewhere);
    return readFileSync(join(outdir, name, 'index.js'), 'utf8');
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** What the code of a function takes from elsewhere. */
export function requiredBy(name: string): readonly string[] {
  const required = [...readFileSync(assetOf(name), 'utf8').matchAll(/\brequire\("([^"]+)"\)/g)];
  return [...new Set(required.map(([, module = '']) => module))].sort();
}
