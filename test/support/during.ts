import { runTogether } from '../../src/runtime/shutdown.ts';

export type Tasks = readonly ((signal: AbortSignal) => Promise<void>)[];

/** Acts while the tasks run, and stops them then. A task that ends by itself fails the test at once, with its error. */
export async function during<T>(tasks: Tasks, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const ended = runTogether(stop.signal, tasks);
  try {
    const early = ended.then((): never => {
      throw new Error('the tasks ended before the test');
    });
    return await Promise.race([act(stop.signal), early]);
  } finally {
    stop.abort();
    await ended;
  }
}
