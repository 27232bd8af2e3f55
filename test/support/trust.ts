import tls from 'node:tls';

/**
 * Makes this process trust a certificate as well, which another one would do by `NODE_EXTRA_CA_CERTS`: that is read when a
 * process starts.
 *
 * @returns what ends it
 */
export function trust(ca: string): () => void {
  const { createSecureContext } = tls;
  tls.createSecureContext = (options) => createSecureContext({ ca, ...options });
  return () => {
    tls.createSecureContext = createSecureContext;
  };
}
