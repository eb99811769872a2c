/** Places where a crash is worth trying: each is a border between two steps that must not be torn apart. */
export const FAILPOINTS = [
  'before-publish',
  // Kafka has the records and the checkpoint, and their transaction is open.
  'before-commit',
  // PostgreSQL has not heard of it.
  'after-commit',
  'after-confirm',
  'chunk-read',
  'chunk-border',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

let reached: ((name: Failpoint) => void) | null = null;

/** Does nothing, unless the crash tests have installed something. */
export function failpoint(name: Failpoint): void {
  reached?.(name);
}

/** For the child process of the crash tests; nothing in `src` calls it. */
export function installFailpoints(handler: (name: Failpoint) => void): void {
  reached = handler;
}
