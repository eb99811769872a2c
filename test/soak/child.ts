import type { CaptureConfig } from '../../src/capture/capture-config.ts';
import { runCapture } from '../../src/capture/capture.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { createRegistry } from '../../src/topics/registry.ts';

/** What the parent hands over as this process's only argument, JSON. */
export interface ChildTask {
  readonly config: CaptureConfig;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

/** What the child tells with every Kafka transaction. */
export interface ChildReport {
  /** Records since the process began. */
  readonly records: number;
  readonly refreshed: boolean;
}

const task = JSON.parse(process.argv[2] ?? '') as ChildTask;
const kafkaConfig = { brokers: [...task.brokers], clientId: 'soak' };
let records = 0;
let refreshed = false;
const dependencies = {
  kafka: createKafka(kafkaConfig),
  kafkaConfig,
  registry: createRegistry({ url: task.registryUrl }),
  observer: {
    published: () => {},
    chunkRead: () => {},
    chunkStale: () => {},
    committed: (commit: { records: number }) => {
      records += commit.records;
      process.send?.({ records, refreshed } satisfies ChildReport);
    },
    progress: (plan: { finishedAt: string | null }) => {
      refreshed = plan.finishedAt !== null;
    },
    rejected: () => {},
    halted: () => {},
    revived: () => {},
    connected: () => {},
    slot: () => {},
    walBudget: () => {},
    log: (_level: string, message: string) => process.stderr.write(`${message}\n`),
  },
};
await runCapture(task.config, dependencies, new AbortController().signal);
