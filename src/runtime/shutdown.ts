import { once } from 'node:events';

/**
 * Ctrl-C and SIGTERM ask for an orderly stop through the signal; a second one ends the process at once.
 * Dispose to let the process have its signals back.
 */
export function stopOnSignals(onFirst: () => void = () => {}): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const handler = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
    onFirst();
    controller.abort();
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}

/** Resolves when the signal comes, or has come. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Runs tasks together: the first that fails stops the others, and its error is thrown when all have ended. */
export async function runTogether(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  let first: { error: unknown } | null = null;
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task(both);
      } catch (error) {
        first ??= { error };
        stop.abort();
      }
    }),
  );
  const failed = first as { error: unknown } | null;
  if (failed !== null) throw failed.error;
}

/**
 * Does the work while a background task runs, and stops that task when the work is done. The first error
 * of the two is thrown when both have ended.
 */
export async function stopAfter<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  background: (signal: AbortSignal) => Promise<void>,
): Promise<T> {
  const done = new AbortController();
  const results: T[] = [];
  await runTogether(signal, [
    async (both) => {
      results.push(await work(both));
      done.abort();
    },
    (both) => background(AbortSignal.any([both, done.signal])),
  ]);
  const [result] = results;
  if (results.length === 0) throw signal.reason;
  return result as T;
}
