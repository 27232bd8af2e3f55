const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The name in a header `Host`, without the port. */
export function hostNameOf(host: string): string {
  return host.replace(/:\d+$/, '');
}

/**
 * Whether a name always means this machine. The names below `localhost` do as well: resolvers and browsers never ask a
 * DNS server for them (RFC 6761, section 6.3), so that nobody can have a web page under one.
 */
export function isLoopbackName(name: string): boolean {
  const lower = name.toLowerCase();
  return LOOPBACK.includes(lower) || lower.endsWith('.localhost');
}

/** Whether a header `Host` names this machine itself and the port. */
export function isLoopbackHost(host: string | undefined, port: number | undefined): boolean {
  return LOOPBACK.some((name) => host?.toLowerCase() === `${name}:${port}`);
}
