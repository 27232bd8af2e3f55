/** What a callback of the application throws is for the process to know, as if nobody had waited for anything. */
export function rethrow(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
