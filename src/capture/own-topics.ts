import type { Kafka } from '../topics/kafka.ts';
import { checkpointTopic, controlTopic, dlqTopic } from '../topics/names.ts';
import {
  compactedTopic,
  ensureTopics,
  logTopic,
  type TopicSettings,
  withAdmin,
} from '../topics/topic-admin.ts';

/** Whose dead letters those are that the capture itself could not publish: in topic names, and where a pipeline is named. */
export const CAPTURE_GROUP = 'capture';

/** Makes the topics that a capture has beside those of its tables: checkpoint, requests, dead letters. */
export async function ensureOwnTopics(
  kafka: Kafka,
  prefix: string,
  { replicationFactor, retentionMs }: Pick<TopicSettings, 'replicationFactor' | 'retentionMs'>,
): Promise<void> {
  const logs = [controlTopic(prefix), dlqTopic(prefix, CAPTURE_GROUP)];
  await withAdmin(kafka, (admin) =>
    ensureTopics(admin, [
      compactedTopic(checkpointTopic(prefix), replicationFactor),
      ...logs.map((topic) => logTopic(topic, replicationFactor, retentionMs)),
    ]),
  );
}
