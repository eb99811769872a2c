import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { EmbeddedServices } from '../src/embedded/services.ts';
import { connect } from '../src/runtime/postgres.ts';
import { createKafka } from '../src/topics/kafka.ts';
import { withAdmin } from '../src/topics/topic-admin.ts';
import { BenchChild } from './child-process.ts';
import type { Contender, ContenderResult, Figures } from './figures.ts';
import { medians } from './figures.ts';
import type { Job, Order, Report } from './freshet-messages.ts';
import type { BenchOptions } from './options.ts';
import { outsideShare, type TrackedProcess } from './process-usage.ts';

export type FreshetProcess = BenchChild<Order, Report>;

const QUIET_SHARE = 0.1;
const QUIET_LOOK_MS = 2_000;

/** What every benchmark works with: the services, a session at the source, and names that were not used before. */
export class BenchContext implements AsyncDisposable {
  readonly options: BenchOptions;
  readonly services: EmbeddedServices;
  readonly dataDir: string;
  readonly source: pg.Client;
  readonly kafka: Kafka;
  readonly signal: AbortSignal;
  #names = 0;

  private constructor(
    options: BenchOptions,
    services: EmbeddedServices,
    dataDir: string,
    source: pg.Client,
    signal: AbortSignal,
  ) {
    this.options = options;
    this.services = services;
    this.dataDir = dataDir;
    this.source = source;
    this.signal = signal;
    this.kafka = createKafka({ brokers: services.urls.kafkaBrokers, clientId: 'bench' });
  }

  static async open(
    options: BenchOptions,
    services: EmbeddedServices,
    dataDir: string,
    signal: AbortSignal,
  ): Promise<BenchContext> {
    const source = await connect({ url: services.urls.sourceUrl }, 'bench');
    return new BenchContext(options, services, dataDir, source, signal);
  }

  /** A name for prefix, slot and publication. */
  freshName(stem: string): string {
    return `${stem}${Math.floor(Date.now() / 1000).toString(36)}${(this.#names++).toString(36)}`;
  }

  /** The services' processes, with the contender's. */
  tracked(pipeline: number | null, load: readonly number[] = []): TrackedProcess[] {
    const { kafka, postgres, registry } = this.services.pids;
    const processes: TrackedProcess[] = load.map((pid) => ({ role: 'load', pid }));
    if (pipeline !== null) processes.push({ role: 'pipeline', pid: pipeline });
    if (kafka !== undefined) processes.push({ role: 'kafka', pid: kafka });
    if (postgres !== undefined) processes.push({ role: 'postgres', pid: postgres });
    if (registry !== undefined) processes.push({ role: 'registry', pid: registry });
    return processes;
  }

  /** A Freshet process that has loaded everything. */
  async bootFreshet(profile: boolean): Promise<FreshetProcess> {
    const { profileDir } = this.options;
    const args = profile && profileDir !== null ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] : [];
    const child = await BenchChild.start<Order, Report>('freshet-child.ts', args);
    await child.report('booted', this.signal);
    return child;
  }

  job(name: string, rest: Pick<Job, 'tables' | 'consume' | 'until'>): Job {
    const { partitions, settings } = this.options;
    return { urls: this.services.urls, prefix: name, slot: name, partitions, settings, ...rest };
  }

  /** Runs a job to its end, unmeasured. */
  async prepare(job: Job): Promise<void> {
    await using child = await this.bootFreshet(false);
    child.send({ type: 'run', job });
    await child.report('done', this.signal);
  }

  /** The runs of all contenders in turn, so that a busy hour of the machine hits them alike. */
  async interleave(contenders: readonly Contender[]): Promise<ContenderResult[]> {
    const runs = contenders.map((): Figures[] => []);
    for (let turn = 0; turn < this.options.runs; turn++) {
      for (const [index, contender] of contenders.entries()) {
        await this.#waitForQuiet();
        const figures = await contender.run();
        runs[index]?.push(figures);
        const [name, value] = Object.entries(figures).find(([key]) => /per_s$|^p50/.test(key)) ?? ['', 0];
        this.note(
          `${contender.name}, run ${turn + 1}: ${name} ${Math.round(value)}, outside CPU ${Math.round((figures['outside_cpu_share'] ?? 0) * 100)} %`,
        );
      }
    }
    return contenders.map(({ name }, index) => ({
      name,
      runs: runs[index] ?? [],
      median: medians(runs[index] ?? []),
    }));
  }

  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  async dropSlot(slot: string): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const { rows } = await this.source.query<{ active: boolean }>(
        'SELECT active FROM pg_replication_slots WHERE slot_name = $1',
        [slot],
      );
      if (rows[0] === undefined) return;
      if (!rows[0].active) await this.source.query('SELECT pg_drop_replication_slot($1)', [slot]);
      else await sleep(100);
    }
  }

  /** Makes room: the topics of a prefix, its slot and its publication. */
  async forget(name: string): Promise<void> {
    await this.dropSlot(name);
    await this.source.query(`DROP PUBLICATION IF EXISTS ${name}`);
    await withAdmin(this.kafka, async (admin) => {
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${name}.`));
      if (topics.length > 0) await admin.deleteTopics({ topics });
    });
    await this.source.query('CHECKPOINT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.end();
  }

  async #waitForQuiet(): Promise<void> {
    this.signal.throwIfAborted();
    const deadline = Date.now() + this.options.quietWait * 1000;
    while (Date.now() < deadline) {
      if ((await outsideShare(this.tracked(null), QUIET_LOOK_MS)) < QUIET_SHARE) return;
      this.signal.throwIfAborted();
    }
  }
}
