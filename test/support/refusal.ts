/** Runs what should be refused and answers with the refusal. @throws if nothing was. */
export function refusalOf(action: () => unknown): { readonly code: unknown; readonly message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) {
      return { code: 'code' in error ? error.code : undefined, message: error.message };
    }
    throw error;
  }
  throw new Error('nothing was refused');
}
