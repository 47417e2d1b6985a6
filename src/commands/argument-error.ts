/** What was written after the command cannot be meant: exit code 2, as for wrong settings. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}
