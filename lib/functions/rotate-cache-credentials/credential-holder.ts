/** What of ElastiCache has a password or a token: a user, or a replication group. */
export interface CredentialHolder {
  /** Waits until ElastiCache has done what it was told last, by a step that was interrupted. */
  settled(): Promise<void>;

  /**
   * Lets two passwords in: the one that clients have, and the one that they will have. Nobody else but who had
   * `previous`, if the last rotation stopped before its end.
   */
  admitBoth(passwords: { current: string; pending: string; previous: string | undefined }): Promise<void>;

  /** Lets one password in, and no other. */
  admitOnly(password: string): Promise<void>;

  /** Whether somebody with this password is let in everywhere: `undefined` if only somewhere. Without one, anybody. */
  admits(password?: string): Promise<boolean | undefined>;
}
