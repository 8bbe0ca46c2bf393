/** A mistake the operator can mend: printed as one line, without a stack, with exit code 1. */
export class StartupError extends Error {
  override readonly name = "StartupError";
}
