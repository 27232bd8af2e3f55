/** What a server answers with that is no primary, or to a connection that counts for nothing. */
export const USELESS: ReadonlySet<string> = new Set(['READONLY', 'MASTERDOWN', 'NOAUTH']);
