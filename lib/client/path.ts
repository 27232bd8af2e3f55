/** The longest path that an error spells out: keys may be long, and may come from outside. */
const LONGEST = 120;

/** A step of a path in an error: `.cart`, `["two words"]`, `[0]`. */
export function step(key: PropertyKey): string {
  if (typeof key === 'number') {
    return `[${key}]`;
  }
  const name = String(key);
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

export function shown(path: string): string {
  return path.length > LONGEST ? `${path.slice(0, LONGEST)}…` : path;
}
