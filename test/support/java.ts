import { spawnSync } from 'node:child_process';

/** Whether Amazon's DynamoDB Local can run here. Says so on the console where it cannot: no test passes in silence. */
export function hasJava(): boolean {
  const found = spawnSync('java', ['-version']).status === 0;
  if (!found) {
    console.warn('java is not on this machine: the tests on DynamoDB Local are not run, those on dynalite are');
  }
  return found;
}
