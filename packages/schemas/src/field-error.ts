/** One refused field, as it appears in a problem document's `errors`. */
export interface FieldError {
  /** A path into what was sent: `price`, `[3].price`, `line 17.time`. */
  readonly field: string;
  readonly message: string;
}
