/** Tells the time in milliseconds since 1970 UTC. Tests inject one of their own. */
export type Clock = () => number;

export const systemClock: Clock = Date.now;
