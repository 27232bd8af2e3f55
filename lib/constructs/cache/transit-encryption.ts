/**
 * Whether clients must use TLS.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html
 */
export enum TransitEncryption {
  /** Every connection is encrypted. */
  REQUIRED = 'required',
  /**
   * Connections may be encrypted. On the way from a group without TLS, until its last client has it: in this mode
   * ElastiCache has no access control, so that whoever reaches the port reads everything.
   */
  PREFERRED = 'preferred',
}
