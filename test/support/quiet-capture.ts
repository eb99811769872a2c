import type { CaptureConfig } from '../../src/capture/capture-config.ts';
import { runCapture } from '../../src/capture/capture.ts';
import type { CaptureObserver } from '../../src/capture/observer.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { createRegistry } from '../../src/topics/registry.ts';

/** Hears everything and tells nothing. */
export const QUIET: CaptureObserver = {
  published: () => {},
  chunkRead: () => {},
  chunkStale: () => {},
  committed: () => {},
  progress: () => {},
  rejected: () => {},
  halted: () => {},
  revived: () => {},
  connected: () => {},
  slot: () => {},
  walBudget: () => {},
  log: () => {},
};

/** What a parent hands over to a process that captures, as its only argument, JSON. */
export interface CaptureTask {
  readonly config: CaptureConfig;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

/** Captures until the process is killed; its log is on stderr. */
export async function captureUntilKilled(
  { config, brokers, registryUrl }: CaptureTask,
  observer: Partial<CaptureObserver>,
): Promise<void> {
  const kafkaConfig = { brokers: [...brokers], clientId: 'test' };
  const log: CaptureObserver['log'] = (_level, message) => process.stderr.write(`${message}\n`);
  const dependencies = {
    kafka: createKafka(kafkaConfig),
    kafkaConfig,
    registry: createRegistry({ url: registryUrl }),
    observer: { ...QUIET, log, ...observer },
  };
  await runCapture(config, dependencies, new AbortController().signal);
}
