import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** What a container is made of. It builds nothing: the server is one file, with all that it needs. */
const DOCKERFILE = `FROM public.ecr.aws/docker/library/node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY server.js .
USER node
CMD ["node", "server.js"]
`;

/**
 * Bundles a server into one file, beside the Dockerfile of its image. What NodejsFunction does for functions: no build step
 * comes before `cdk synth`.
 *
 * @param entry the server's source
 * @returns the folder
 */
export function bundleServer(entry: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifySyntax: true,
    sourcemap: false,
    logLevel: 'error',
  });
  const [server] = outputFiles;
  if (server === undefined) {
    throw new Error(`nothing was made of ${entry}`);
  }
  // One folder for one content, so that stacks that are synthesized at the same time do not get into each other's way.
  const folder = join(
    tmpdir(),
    `cdk-sessions-${createHash('sha256').update(server.contents).digest('hex').slice(0, 16)}`,
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'server.js'), server.contents);
  writeFileSync(join(folder, 'Dockerfile'), DOCKERFILE);
  return folder;
}
