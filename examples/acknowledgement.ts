/** A finding of the rules that a sample accepts, and why. */
export interface Acknowledgement {
  /** The rules, without the name of their pack: NIST 800-53 R5, HIPAA and PCI DSS name theirs alike. */
  readonly rules: readonly string[];
  /** Where, as a path below the stack. It covers what is below it. */
  readonly at: string;
  /** Why a reviewer can accept it. */
  readonly reason: string;
}
