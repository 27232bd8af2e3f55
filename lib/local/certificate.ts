/** A key and the certificate for it, in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** How long it is valid, in milliseconds: Safari refuses certificates that are valid for more than 825 days. */
const VALIDITY = 30 * 24 * 3600 * 1000;

/** Makes a certificate for localhost, known to nobody: browsers warn, and can be told to go on. */
export async function selfSignedCertificate(): Promise<Certificate> {
  // Loaded only when it is asked for: most runs never need it.
  const { generate } = await import('selfsigned');
  const now = Date.now();
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - 3600 * 1000),
    notAfterDate: new Date(now + VALIDITY),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      // The nodes of a cluster are clients of each other, and each shows what it has.
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key, cert };
}
