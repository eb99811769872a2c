import type { Config, SourceConfig } from '../config.ts';
import type { ControlPlace } from '../topics/control-topic.ts';
import { controlTopic } from '../topics/names.ts';

const HOUR_MS = 3_600_000;

/** Where requests reach the capture of a source. */
export function controlPlace({ topics }: Config, { prefix, slot }: SourceConfig): ControlPlace {
  const { replicationFactor, retentionHours } = topics;
  return { name: controlTopic(prefix), replicationFactor, retentionMs: retentionHours * HOUR_MS, slot };
}
