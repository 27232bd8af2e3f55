import { parseUserData } from '../../lib/local/user-data.js';

const files = (script: string) => Object.fromEntries(parseUserData(script).files);

test('finds the files that here-documents write', () => {
  const script = `#!/bin/bash
cat > /etc/one <<'EOF'
ExecStart=\${A} \\$B
EOF
cat <<"END" > "/etc/two"
two
END
sudo tee /etc/three > /dev/null <<-\\EOF
\t\tthree
\tEOF
cat >/etc/four <<EOF
\\$A \\\\ \\\`b\\\` c \\
d
EOF
cat > /etc/five <<EOF && systemctl daemon-reload
first
EOF
cat >> /etc/five <<EOF
second
EOF
`;
  expect(files(script)).toEqual({
    '/etc/one': `ExecStart=\${A} \\$B\n`,
    '/etc/two': 'two\n',
    '/etc/three': 'three\n',
    '/etc/four': '$A \\ `b` c d\n',
    '/etc/five': 'first\nsecond\n',
  });
});

test('takes nothing in a here-document for a command', () => {
  expect(
    parseUserData(
      'cat > /readme <<EOF\naws s3 cp s3://bucket/a.zip /tmp/a.zip\nunzip /tmp/a.zip -d /opt\ncat > /x <<END\nEOF\n',
    ).archives,
  ).toEqual([]);
});

test.each([
  [
    'as the CDK writes it',
    "mkdir -p $(dirname '/tmp/a.zip')\naws s3 cp 's3://bucket/a.zip' '/tmp/a.zip'\nunzip -o /tmp/a.zip -d /opt/shop",
    { key: 'a.zip', folder: '/opt/shop' },
  ],
  [
    'with the folder first',
    'aws s3 cp s3://bucket/prefix/a.zip /tmp/a.zip && sudo unzip -q -d /opt/shop/ /tmp/a.zip',
    { key: 'prefix/a.zip', folder: '/opt/shop' },
  ],
  [
    'into where it is',
    'cd /opt\naws s3 cp s3://bucket/a.zip shop.zip; unzip shop.zip',
    { key: 'a.zip', folder: '/opt' },
  ],
  [
    'in a shell of its own',
    'aws s3 cp s3://b/a.zip /a.zip\n(cd /srv && unzip /a.zip)',
    { key: 'a.zip', folder: '/srv' },
  ],
])('finds where an archive is unpacked, %s', (_, script, archive) => {
  expect(parseUserData(script).archives).toEqual([archive]);
});

test('passes over an archive that comes from elsewhere', () => {
  expect(parseUserData('curl -o /a.zip https://example.com/a.zip\nunzip /a.zip -d /opt').archives).toEqual([]);
});
