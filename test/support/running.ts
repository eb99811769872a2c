export interface Running extends AsyncDisposable {
  /** Settles when the task ends; rejects with what stopped it. */
  readonly ended: Promise<void>;
  /** Rejects as the task does. */
  stop(): Promise<void>;
}

/** `await using running = start(task)`: it runs until it is stopped, at the latest at the end of the scope. */
export function start(task: (signal: AbortSignal) => Promise<void>): Running {
  const stopping = new AbortController();
  const ended = task(stopping.signal);
  ended.catch(() => {});
  const stop = async (): Promise<void> => {
    stopping.abort();
    await ended;
  };
  return { ended, stop, [Symbol.asyncDispose]: () => stop().catch(() => {}) };
}
