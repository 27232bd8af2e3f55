/** What Secrets Manager asks of the function, one step at a time. Each may come again, after whatever went wrong. */
export interface RotationEvent {
  readonly Step: string;
  /** The secret's ARN. */
  readonly SecretId: string;
  /** The id of the version that this rotation makes. */
  readonly ClientRequestToken: string;
}
