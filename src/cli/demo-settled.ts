import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoExample, ExampleDatabases } from '../demo/example.ts';

const POLL_MS = 50;
/** What is not on its way by then is told by the comparison. */
const TIMEOUT_MS = 60_000;

/** Rows from before may have been judged by older rules: the pipelines ask for them by themselves. */
export async function untilSettled(
  examples: readonly DemoExample[],
  databases: ExampleDatabases,
  since: Date,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (const example of examples)
    while ((await example.isSettled?.(databases, since)) === false && Date.now() < deadline)
      await sleep(POLL_MS, undefined, { signal });
}
