import type { CaptureConfig } from '../../src/capture/capture-config.ts';
import { runCapture } from '../../src/capture/capture.ts';
import type { CaptureObserver } from '../../src/capture/observer.ts';
import { type Failpoint, installFailpoints } from '../../src/runtime/failpoint.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { createRegistry } from '../../src/topics/registry.ts';

/** What the parent hands over as this process's only argument, JSON. */
export interface Doom {
  readonly config: CaptureConfig;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly failpoint: Failpoint;
  /** Which time the failpoint is reached. */
  readonly time: number;
  /** The kill comes this much later; 0: at the failpoint itself. Milliseconds. */
  readonly delayMs: number;
}

const SILENT: CaptureObserver = {
  published: () => {},
  chunkRead: () => {},
  chunkStale: () => {},
  committed: () => {},
  progress: () => {},
  rejected: () => {},
  halted: () => {},
  revived: () => {},
  // The parent counts the time from here.
  connected: () => void process.stdout.write('connected\n'),
  slot: () => {},
  walBudget: () => {},
  log: (_level, message) => process.stderr.write(`${message}\n`),
};

const doom = JSON.parse(process.argv[2] ?? '') as Doom;
const die = (): void => void process.kill(process.pid, 'SIGKILL');
let left = doom.time;
installFailpoints((name) => {
  if (name !== doom.failpoint) return;
  left -= 1;
  if (left !== 0) return;
  if (doom.delayMs === 0) die();
  else setTimeout(die, doom.delayMs);
});
const kafkaConfig = { brokers: [...doom.brokers], clientId: 'crash' };
const dependencies = {
  kafka: createKafka(kafkaConfig),
  kafkaConfig,
  registry: createRegistry({ url: doom.registryUrl }),
  observer: SILENT,
};
await runCapture(doom.config, dependencies, new AbortController().signal);
