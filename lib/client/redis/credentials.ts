/** What a connection authenticates with. */
export interface Credentials {
  /** The user; the token that all share has none. */
  readonly username?: string;
  readonly password: string;
  /**
   * For how many milliseconds the server takes a connection for authenticated.
   * @default - for as long as it lasts
   */
  readonly validFor?: number;
}

/** Where credentials come from. */
export interface CredentialsSource {
  /** What to authenticate with now. Several connections may ask at once. */
  current(): Promise<Credentials | undefined>;
  /** Is told that the server refused some, and answers whether there may be others by now. */
  refused(credentials: Credentials | undefined): Promise<boolean>;
}

/** For a cache that lets everybody in who can reach it. */
export const NO_CREDENTIALS: CredentialsSource = {
  current: async () => undefined,
  refused: async () => false,
};
