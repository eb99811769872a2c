import type { Pipeline } from '../../src/consumers/define-pipeline.ts';
import type { ConsumerObserver, Arrival } from '../../src/consumers/observer.ts';
import { createPipelineRunner } from '../../src/consumers/pipeline-runner.ts';
import type { ConsumerSettings } from '../../src/consumers/runtime-settings.ts';
import type { ServiceUrls } from '../../src/embedded/services.ts';
import { createRegistry } from '../../src/topics/registry.ts';
import { type Running, start } from './running.ts';

/** Sums of what a pipeline reported. */
export class Tally implements ConsumerObserver {
  readonly changes = new Map<string, number>();
  rowsWritten = 0;
  rowsUnchanged = 0;
  replayed = 0;
  owed = 0;
  readonly deadLetters: string[] = [];
  readonly retries: string[] = [];
  readonly latenciesMs: number[] = [];
  readonly messages: string[] = [];
  readonly viewAges: number[] = [];
  readonly unresolvedNow = new Map<string, number>();
  readonly missingRows: string[] = [];
  refreshesAsked = 0;
  readonly deliveries: (number | null)[] = [];
  readonly deliveryWaitsFor = new Set<string>();
  readonly circuitStates = new Set<boolean>();

  applied(_pipeline: string, _table: string, op: string, changes: number): void {
    this.changes.set(op, (this.changes.get(op) ?? 0) + changes);
  }

  written(_pipeline: string, _table: string, written: number, unchanged: number): void {
    this.rowsWritten += written;
    this.rowsUnchanged += unchanged;
  }

  skipped(_pipeline: string, reason: 'replayed' | 'owed', records: number): void {
    this[reason] += records;
  }

  deadLetter(_pipeline: string, code: string): void {
    this.deadLetters.push(code);
  }

  missing(_pipeline: string, field: string, rows: number, of: number): void {
    this.missingRows.push(`${field} ${rows} of ${of}`);
  }

  refreshAsked(_pipeline: string, keys: number): void {
    this.refreshesAsked += keys;
  }

  delivered(_pipeline: string, status: number | null): void {
    this.deliveries.push(status);
  }

  deliveryWaits(_pipeline: string, reason: string): void {
    this.deliveryWaitsFor.add(reason);
  }

  deliveryCircuit(_pipeline: string, isOpen: boolean): void {
    this.circuitStates.add(isOpen);
  }

  viewAge(_pipeline: string, _view: string, seconds: number): void {
    this.viewAges.push(seconds);
  }

  unresolved(_pipeline: string, kind: string, count: number): void {
    this.unresolvedNow.set(kind, count);
  }

  retry(_pipeline: string, code: string): void {
    this.retries.push(code);
  }

  arrived(_pipeline: string, _table: string, samples: readonly Arrival[]): void {
    this.latenciesMs.push(...samples.map(({ totalMs }) => totalMs));
  }

  log(_pipeline: string, level: string, message: string): void {
    this.messages.push(`${level}: ${message}`);
  }
}

export interface RunningPipeline extends Running {
  readonly tally: Tally;
}

export interface PipelineContextOptions {
  readonly services: ServiceUrls;
  readonly targetUrl: string;
  readonly prefix: string;
  readonly pipeline: Pipeline;
  readonly settings?: Partial<ConsumerSettings>;
}

/** `await using running = startPipeline(…)`: stopped at the end of the scope. */
export function startPipeline({
  services,
  targetUrl,
  prefix,
  pipeline,
  settings,
}: PipelineContextOptions): RunningPipeline {
  const tally = new Tally();
  const runner = createPipelineRunner({
    pipeline,
    kafka: { brokers: services.kafkaBrokers, clientId: 'test' },
    registry: createRegistry({ url: services.registryUrl }),
    target: { url: targetUrl },
    prefix,
    settings: { sessionTimeoutMs: 6_000, ...settings },
    observer: tally,
  });
  return { tally, ...start((signal) => runner.run(signal)) };
}
