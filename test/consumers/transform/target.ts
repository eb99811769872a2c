import type { Pool } from 'pg';
import { afterAll } from 'vitest';
import { type PartialRow, type Row, UNAVAILABLE } from '../../../src/change/change.ts';
import { ZERO_LSN } from '../../../src/change/lsn.ts';
import { encodePosition } from '../../../src/change/position.ts';
import { compactChanges, type KeyedChange } from '../../../src/consumers/compaction.ts';
import type { AnyChange } from '../../../src/consumers/define-pipeline.ts';
import { transformMigrations } from '../../../src/consumers/transform/migrations.ts';
import {
  ResultTransaction,
  type SourceName,
  type Stored,
} from '../../../src/consumers/transform/recompute.ts';
import { noWrites, type Writes } from '../../../src/consumers/transform/target-writer.ts';
import { createDatabase } from '../../support/database.ts';

type Event =
  | ({ readonly kind: 'change' } & KeyedChange)
  /** Of the partition: all that came before, or what was last seen before an epoch. */
  | { readonly kind: 'clear'; readonly before: number | null };

/** What comes from a partition of one of the two source tables. */
export interface Delivered {
  readonly table: SourceName;
  readonly partition: number;
  readonly event: Event;
}

interface Summary extends Stored {
  readonly writes: Writes;
}

const PARTITIONS = 2n;

function delivered(table: SourceName, key: Row, after: PartialRow | null, epoch: number): Delivered {
  const [id] = Object.values(key);
  const position = encodePosition({ epoch, lsn: ZERO_LSN, seq: 0 });
  const base = { source: table, key, tag: null, snapshot: false, xid: null, position, epoch };
  return {
    table,
    partition: Number(BigInt(String(id)) % PARTITIONS),
    event: { kind: 'change', identity: String(id), change: changeOf(base, after) },
  };
}

function changeOf(
  base: Omit<Extract<AnyChange, { kind: 'delete' }>, 'kind'>,
  after: PartialRow | null,
): AnyChange {
  if (after === null) return { ...base, kind: 'delete' };
  const row = Object.fromEntries(Object.entries(after).filter(([, value]) => value !== UNAVAILABLE));
  return { ...base, kind: Object.values(after).includes(UNAVAILABLE) ? 'patch' : 'upsert', row };
}

export function stored(row: PartialRow, epoch = 1): Delivered {
  return delivered('positions', { id: row['id'] as bigint }, row, epoch);
}

export function deleted(id: bigint): Delivered {
  return delivered('positions', { id }, null, 1);
}

export function named(competitorId: bigint, brandId: bigint, name: string): Delivered {
  const key = { competitor_id: competitorId };
  return delivered('competitors', key, { ...key, brand_id: brandId, competitor_name: name }, 1);
}

export function unnamed(competitorId: bigint): Delivered {
  return delivered('competitors', { competitor_id: competitorId }, null, 1);
}

export function truncated(partition: number): Delivered {
  return { table: 'positions', partition, event: { kind: 'clear', before: null } };
}

export function swept(partition: number, before: number): Delivered {
  return { table: 'positions', partition, event: { kind: 'clear', before } };
}

/** A database with the metric tables, for all tests of a file. */
export async function openTarget(): Promise<Pool> {
  const database = await createDatabase();
  afterAll(() => database[Symbol.asyncDispose]());
  for (const { sql } of transformMigrations()) await database.pool.query(sql);
  return database.pool;
}

/** One transaction of the pipeline, with what came from any number of partitions. */
export async function deliver(pool: Pool, items: Iterable<Delivered>): Promise<Summary> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const summary = await apply(new ResultTransaction(client, 'bigint'), [...items]);
    await client.query('COMMIT');
    client.release();
    return summary;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function apply(transaction: ResultTransaction, items: readonly Delivered[]): Promise<Summary> {
  const summary = {
    incomplete: [] as Stored['incomplete'][number][],
    rejected: [] as Stored['rejected'][number][],
  };
  const lanes = Map.groupBy(items, ({ table, partition }) => `${table}/${partition}`);
  for (const [, lane] of [...lanes].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const [{ table, partition } = { table: 'positions' as const, partition: 0 }] = lane;
    let changes: KeyedChange[] = [];
    const flush = async (): Promise<void> => {
      const { incomplete, rejected } = await transaction.store(
        table,
        partition,
        compactChanges(changes),
        'test',
      );
      summary.incomplete.push(...incomplete);
      summary.rejected.push(...rejected);
      changes = [];
    };
    for (const { event } of lane) {
      if (event.kind === 'change') changes.push(event);
      else {
        await flush();
        await transaction.clear(table, partition, event.before);
      }
    }
    await flush();
  }
  const [done] = await transaction.finish();
  return { ...summary, writes: done?.writes ?? noWrites() };
}

const OWN = 'f.collector_result_id::text AS result';
const DUMPS = {
  facts: `SELECT ${OWN}, to_jsonb(f) - 'id' AS row FROM metric_facts f`,
  ...Object.fromEntries(
    ['brand_metrics', 'competitor_metrics', 'brand_sentiment', 'competitor_sentiment'].map((table) => [
      table,
      `SELECT ${OWN}, to_jsonb(t) - 'id' - 'metric_fact_id' AS row FROM ${table} t
       JOIN metric_facts f ON f.id = t.metric_fact_id`,
    ]),
  ),
  errors: `SELECT collector_result_id::text AS result, to_jsonb(t) - 'recorded_at' AS row FROM freshet.transform_errors t`,
  unknown: `SELECT collector_result_id::text AS result, to_jsonb(t) - 'recorded_at' AS row
    FROM freshet.transform_unknown_competitors t`,
};

export type Dump = Readonly<Record<string, readonly string[]>>;

/** Everything that the pipeline keeps of results, generated ids apart, as sorted texts a table. */
export async function dump(pool: Pool): Promise<Dump> {
  const tables: Record<string, string[]> = {};
  for (const [name, query] of Object.entries(DUMPS)) {
    const { rows } = await pool.query<{ line: string }>(
      `SELECT result || ' ' || row::text AS line FROM (${query}) q`,
    );
    tables[name] = rows.map(({ line }) => line).toSorted();
  }
  return tables;
}

/** Number of rows in each of the five tables. */
export async function counts(pool: Pool): Promise<number[]> {
  const { rows } = await pool.query<{ counts: number[] }>(`SELECT ARRAY[
    (SELECT count(*) FROM metric_facts), (SELECT count(*) FROM brand_metrics),
    (SELECT count(*) FROM competitor_metrics), (SELECT count(*) FROM brand_sentiment),
    (SELECT count(*) FROM competitor_sentiment)]::integer[] AS counts`);
  return rows[0]?.counts ?? [];
}

/** Forgets all that was delivered and all that came of it. */
export async function clear(pool: Pool): Promise<void> {
  await pool.query(`TRUNCATE metric_facts, freshet.transform_positions, freshet.transform_competitors,
    freshet.transform_results, freshet.transform_errors, freshet.transform_unknown_competitors CASCADE`);
}
