import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** A text in a colour, where there is somebody to see it. */
export const paint = (style: Style, text: string) => (process.stdout.isTTY ? styleText(style, text) : text);

/** Tells several things that are alike. */
export const list = (ids: Iterable<string>) => [...ids].join(', ');

/** Runs one step and prints what it showed. */
export async function step(title: string, run: () => Promise<string>): Promise<void> {
  try {
    const showed = await run();
    console.log(`  ${paint('green', '✓')} ${title.padEnd(42)} ${paint('dim', showed)}`);
  } catch (error) {
    console.log(`  ${paint('red', '✗')} ${title}`);
    throw error;
  }
}
