import { Fn } from 'aws-cdk-lib';

/** The folder on an instance that has a file for each variable. Only root may read it. */
const FOLDER = '/etc/cdk-sessions';

/**
 * The commands of a POSIX shell by which an instance writes a variable into a file that a unit of systemd names in
 * `EnvironmentFile=`. The file is there as a whole or not at all.
 *
 * The value is known to the deployment alone, which encodes it: whatever a reference in it turns into, no part of it is
 * ever a command. The instance quotes it as systemd.exec(5) says of double quotes, where a backslash must stand before a
 * double quote, a backslash, a dollar sign and a backtick. A shell reads it the same way, and so does the systemd 219 of
 * Amazon Linux 2, which takes any character after a backslash for itself.
 *
 * @param value a text that does not end in a newline, which a shell drops.
 */
export function environmentFileCommands(variable: string, value: string): string {
  const file = `${FOLDER}/${variable}.env`;
  return [
    `# The sessions of this application. In its unit: EnvironmentFile=${file}`,
    '(',
    'set -e',
    'umask 077',
    `mkdir -p ${FOLDER}`,
    `chmod 700 ${FOLDER}`,
    `value=$(printf %s '${Fn.base64(value)}' | base64 -d)`,
    `new=$(mktemp ${FOLDER}/.${variable}.XXXXXX)`,
    // A locale in which the last byte of a character may be a backslash would be quoted wrongly.
    `printf '%s\\n' "$value" | LC_ALL=C sed -e 's/[\\\\"$\`]/\\\\&/g' -e '1s/^/${variable}="/' -e '$s/$/"/' > "$new"`,
    `mv -f "$new" ${file}`,
    ')',
  ].join('\n');
}
