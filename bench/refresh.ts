import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePlanState, type RefreshPlanState } from '../src/snapshot/refresh-plan.ts';
import { CheckpointReader } from '../src/topics/checkpoint.ts';
import { sendControl } from '../src/topics/control-topic.ts';
import { checkpointTopic, controlTopic } from '../src/topics/names.ts';
import type { BenchContext, FreshetProcess } from './bench-context.ts';
import { type ContenderResult, type Figures, percentile } from './figures.ts';
import { LatencyProbe } from './latency-probe.ts';
import { CATALOG, fillCatalog } from './tables.ts';

const WARM_UP_MS = 5_000;
const WATCH_MS = 100;
/** Where the capture is killed: shares of the rows that are published. */
const KILLS = [0.2, 0.45, 0.7];
/** For PostgreSQL's statistics to be written. */
const STATISTICS_MS = 2_000;

/**
 * A refresh of the whole table beside a steady stream of changes: how much later the changes come, and,
 * with the capture killed three times, how many rows are read for it.
 */
export async function benchRefresh(context: BenchContext): Promise<ContenderResult[]> {
  await fillCatalog(context.source, context.options.rows);
  return context.interleave([{ name: 'freshet', run: () => runRefresh(context) }]);
}

async function runRefresh(context: BenchContext): Promise<Figures> {
  const name = context.freshName('ref');
  const { rows, rate, seconds } = context.options;
  try {
    await context.prepare(
      context.job(name, { tables: [CATALOG], consume: false, until: { kind: 'snapshots' } }),
    );
    using refreshes = new Refreshes(context, name);
    let child = await startCapture(context, name);
    try {
      await using probe = await LatencyProbe.start(context, name);
      await sleep(WARM_UP_MS, undefined, { signal: context.signal });
      const quietFrom = Date.now();
      await sleep(seconds * 1000, undefined, { signal: context.signal });
      const quietTo = Date.now();
      const plan = await refreshes.run();
      const spanMs = Date.parse(plan.finishedAt ?? '') - Date.parse(plan.startedAt);
      const alone = await probe.latencies(quietFrom, quietTo);
      const beside = await probe.latencies(Date.parse(plan.startedAt), Date.parse(plan.finishedAt ?? ''));
      const readBefore = await rowsRead(context);
      const killsFrom = Date.now();
      let kills = 0;
      const killed = await refreshes.run(async (state) => {
        const at = KILLS[kills];
        if (at === undefined || state.rowsPublished < at * rows) return;
        kills += 1;
        process.kill(child.pid, 'SIGKILL');
        child = await startCapture(context, name);
      });
      const killedSeconds = (Date.now() - killsFrom) / 1000;
      const writes = rate * killedSeconds;
      const read = (await rowsRead(context)) - readBefore - writes;
      return {
        p50_ms: percentile(beside, 0.5),
        p99_ms: percentile(beside, 0.99),
        p99_ms_without: percentile(alone, 0.99),
        p99_ms_added: percentile(beside, 0.99) - percentile(alone, 0.99),
        refresh_rows_per_s: plan.rowsPublished / (spanMs / 1000),
        kills,
        killed_rows_published: killed.rowsPublished,
        killed_rows_read_share: read / rows,
        killed_seconds: killedSeconds,
      };
    } finally {
      await child[Symbol.asyncDispose]();
    }
  } finally {
    await context.forget(name);
  }
}

async function startCapture(context: BenchContext, name: string): Promise<FreshetProcess> {
  const child = await context.bootFreshet(true);
  child.send({
    type: 'run',
    job: context.job(name, { tables: [CATALOG], consume: false, until: { kind: 'never' } }),
  });
  await child.report('working', context.signal);
  return child;
}

/** Rows that PostgreSQL fetched from the table by an index, whoever asked for them. */
async function rowsRead(context: BenchContext): Promise<number> {
  await sleep(STATISTICS_MS);
  const { rows } = await context.source.query<{ read: string }>(
    'SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_user_tables WHERE relname = $1',
    [CATALOG.name],
  );
  return Number(rows[0]?.read ?? 0);
}

class Refreshes implements Disposable {
  readonly #context: BenchContext;
  readonly #name: string;
  readonly #reader: CheckpointReader;

  constructor(context: BenchContext, name: string) {
    this.#context = context;
    this.#name = name;
    const config = { brokers: context.services.urls.kafkaBrokers, clientId: 'bench' };
    this.#reader = new CheckpointReader(config, checkpointTopic(name), name);
  }

  /** Asks for a refresh of the table, and returns its plan when it has ended; `watch` sees how far it is. */
  async run(watch: (state: RefreshPlanState) => Promise<void> = async () => {}): Promise<RefreshPlanState> {
    const id = randomUUID();
    const parts = [{ table: { ...CATALOG }, where: null, keys: null }];
    const name = this.#name;
    const topic = { name: controlTopic(name), replicationFactor: 1, retentionMs: 3_600_000, slot: name };
    await sendControl(this.#context.kafka, topic, {
      kind: 'refresh',
      id,
      group: null,
      options: {},
      parts,
    });
    for (;;) {
      this.#context.signal.throwIfAborted();
      await this.#reader.advance(WATCH_MS);
      const text = this.#reader.image.get(`plan/${id}/0`);
      if (text === undefined) continue;
      const state = parsePlanState(text);
      if (state.finishedAt !== null) return state;
      await watch(state);
    }
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}
