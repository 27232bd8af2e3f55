/**
 * Calls back when so many milliseconds have gone by and what arrived meanwhile has been read: a process that was busy, or
 * stood still, has its timers run first. It keeps no process alive: whoever waits for a command does.
 *
 * @returns what takes it back
 */
export function whenOverdue(milliseconds: number, act: () => void): () => void {
  let reading: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    reading = setImmediate(act);
  }, milliseconds);
  timer.unref();
  return () => {
    clearTimeout(timer);
    clearImmediate(reading);
  };
}
