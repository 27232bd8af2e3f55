import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Starts the system's Chromium, quiet and without a call home. @throws Error saying how to get it, if it is missing */
export function launchBrowser(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(
      `there is no Chromium at ${executablePath}: install it (Debian, Ubuntu: apt-get install chromium), or name another by CHROMIUM_PATH`,
    );
  }
  const quiet = ['no-first-run', 'background-networking', 'component-update', 'sync', 'gpu', 'quic'];
  const args = quiet.map((feature) => (feature.startsWith('no-') ? `--${feature}` : `--disable-${feature}`));
  // Chromium's sandbox refuses to be set up by root.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? [...args, '--no-sandbox'] : args });
}
