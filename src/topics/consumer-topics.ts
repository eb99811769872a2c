import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { backoffMs } from '../runtime/backoff.ts';
import { partitionCounts, withAdmin } from './topic-admin.ts';

/**
 * Waits until the topics exist: a consumer may be started before the capture that creates them.
 * `missing` hears which ones, once. Rejects with the signal's reason on abort.
 */
export async function waitForTopics(
  kafka: Kafka,
  topics: readonly string[],
  signal: AbortSignal,
  missing: (topics: readonly string[]) => void,
): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    for (let attempt = 0; ; attempt++) {
      const counts = await partitionCounts(admin, topics);
      const absent = topics.filter((topic) => !counts.has(topic));
      if (absent.length === 0) return;
      if (attempt === 0) missing(absent);
      await sleep(Math.min(backoffMs(attempt), 2_000), undefined, { signal });
    }
  });
}
