import { createPipelineRunner } from '../../src/consumers/pipeline-runner.ts';
import { createRegistry } from '../../src/topics/registry.ts';
import { copiesPipeline } from './copies-pipeline.ts';
import { type Detours, takeDetours } from './detours.ts';

/** What the parent hands over as this process's only argument, JSON. */
export interface ConsumerOrder {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly targetUrl: string;
  readonly prefix: string;
  readonly detours: Detours;
}

const nothing = (): void => {};
const order = JSON.parse(process.argv[2] ?? '') as ConsumerOrder;
takeDetours(order.detours);
const runner = createPipelineRunner({
  pipeline: copiesPipeline,
  kafka: { brokers: [...order.brokers], clientId: 'chaos' },
  registry: createRegistry({ url: order.registryUrl }),
  target: { url: order.targetUrl },
  prefix: order.prefix,
  settings: {
    sessionTimeoutMs: 3_000,
    maxBatchRecords: 300,
    statementTimeoutMs: 5_000,
    lockTimeoutMs: 2_000,
  },
  observer: {
    applied: nothing,
    written: nothing,
    skipped: nothing,
    deadLetter: nothing,
    retry: nothing,
    arrived: nothing,
    viewAge: nothing,
    unresolved: nothing,
    missing: nothing,
    refreshAsked: nothing,
    delivered: nothing,
    deliveryWaits: nothing,
    deliveryCircuit: nothing,
    log: (_, level, message) => process.stderr.write(`${level} ${message}\n`),
  },
});
await runner.run(new AbortController().signal);
