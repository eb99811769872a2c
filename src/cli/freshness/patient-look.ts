/** A look that takes longer tells nothing of now. */
const PATIENCE_MS = 1_500;

/** Looks at something that may hang: one look at a time, and nobody waits for it for long. */
export class PatientLook {
  #running: Promise<void> | null = null;

  /** Gives whether this very look has ended; one that went on from before is waited for first. Rejects as the look does. */
  async run(look: () => Promise<void>): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(() => resolve(false), PATIENCE_MS);
    try {
      const before =
        this.#running?.then(
          () => true,
          () => true,
        ) ?? true;
      if (!(await Promise.race([before, late]))) return false;
      this.#running = look().finally(() => (this.#running = null));
      // One that nobody waits for any more may fail, too.
      this.#running.catch(() => {});
      return await Promise.race([this.#running.then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
