import { expandedCommand, parseUnit } from '../../lib/local/systemd-unit.js';

const UNIT = `[Unit]
Description=A shop
ExecStart=/bin/false

[Service]
# A comment
Environment=PORT=8080 "GREETING=good day" 'QUOTED=a\\x20b\\n'
Environment=RATE=100%%
EnvironmentFile=/etc/cdk-sessions/CDK_SESSIONS.env
EnvironmentFile=-/etc/default/shop
WorkingDirectory=/opt/shop
ExecStart=-/usr/bin/node --enable-source-maps \\
; a comment between lines that are continued
  "dist/the server.js" \${PORT}
TimeoutStopSec=2min

[Install]
WantedBy=multi-user.target
`;

test('reads what the service runs, where, and with which variables', () => {
  expect(parseUnit(UNIT)).toEqual({
    command: ['/usr/bin/node', '--enable-source-maps', 'dist/the server.js', `\${PORT}`],
    workingDirectory: '/opt/shop',
    environment: { PORT: '8080', GREETING: 'good day', QUOTED: 'a b\n', RATE: '100%' },
    environmentFiles: [
      { path: '/etc/cdk-sessions/CDK_SESSIONS.env', optional: false },
      { path: '/etc/default/shop', optional: true },
    ],
    stopTimeout: 120,
  });
});

test('gives a service 90 seconds to end unless it says otherwise', () => {
  expect(parseUnit('[Service]\nExecStart=node a.js').stopTimeout).toBe(90);
  expect(parseUnit('[Service]\nExecStart=node a.js\nTimeoutStopSec=5').stopTimeout).toBe(5);
  expect(parseUnit('[Service]\nExecStart=node a.js\nTimeoutStopSec=500ms').stopTimeout).toBe(0.5);
});

test('takes back what was set before an empty setting', () => {
  const { command, environment } = parseUnit(
    '[Service]\nExecStart=old\nExecStart=\nExecStart=new\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2',
  );
  expect(command).toEqual(['new']);
  expect(environment).toEqual({ B: '2' });
});

test('refuses a unit that starts nothing', () => {
  expect(() => parseUnit('[Service]\nType=simple')).toThrow('its unit has no ExecStart=');
});

test('puts variables in their places: within a word as they are, alone as several words', () => {
  const command = ['node', `--port=\${PORT}`, '$FLAGS', `\${NONE}`, '$NONE', '$$HOME'];
  expect(expandedCommand(command, { PORT: '80', FLAGS: '-a "-b c"' })).toEqual([
    'node',
    '--port=80',
    '-a',
    '-b c',
    '',
    '$HOME',
  ]);
});
