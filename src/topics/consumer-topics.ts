import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { partitionCounts, withAdmin } from './topic-admin.ts';

/** A capture that starts together with the consumer makes them within this. */
const EXPECTED_MS = 5_000;
/** While they are expected, and later. */
const POLL_MS = { soon: 50, late: 1_000 } as const;

/**
 * Waits until the topics exist: a consumer may be started before the capture that creates them.
 * `missing` hears which ones, once, when it takes long. Rejects with the signal's reason on abort.
 */
export async function waitForTopics(
  kafka: Kafka,
  topics: readonly string[],
  signal: AbortSignal,
  missing: (topics: readonly string[]) => void,
): Promise<void> {
  const startedAt = performance.now();
  await withAdmin(kafka, async (admin) => {
    for (let isTold = false; ;) {
      const counts = await partitionCounts(admin, topics);
      const absent = topics.filter((topic) => !counts.has(topic));
      if (absent.length === 0) return;
      const isLate = performance.now() - startedAt > EXPECTED_MS;
      if (isLate && !isTold) missing(absent);
      isTold = isLate;
      await sleep(isLate ? POLL_MS.late : POLL_MS.soon, undefined, { signal });
    }
  });
}
