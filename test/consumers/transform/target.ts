import type { Pool } from 'pg';
import type { ChangeRecord, PartialRow, Row } from '../../../src/change/change.ts';
import { ZERO_LSN } from '../../../src/change/lsn.ts';
import { transformMigrations } from '../../../src/consumers/transform/migrations.ts';
import { applyPositions, type Summary } from '../../../src/consumers/transform/recompute.ts';
import { TableBatchBuilder } from '../../../src/consumers/transform/transform-batch.ts';

/** A change of one of the two source tables, as it comes from a topic's partition. */
export interface Delivered {
  readonly table: 'positions' | 'competitors';
  readonly partition: number;
  readonly record: ChangeRecord;
}

const SOURCE = { schema: 'public', table: 'any', txId: null, tsUs: 0n, snapshot: false };
const PARTITIONS = 2n;

function delivered(table: Delivered['table'], key: Row, after: PartialRow | null, epoch: number): Delivered {
  const shared = {
    key,
    before: null,
    source: SOURCE,
    position: { epoch, lsn: ZERO_LSN, seq: 0 },
    refresh: null,
  };
  const record: ChangeRecord = after === null ? { op: 'd', ...shared } : { op: 'u', after, ...shared };
  return { table, partition: Number(BigInt(String(Object.values(key)[0])) % PARTITIONS), record };
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
  const record: ChangeRecord = { op: 't', source: SOURCE, position: { epoch: 1, lsn: ZERO_LSN, seq: 0 } };
  return { table: 'positions', partition, record };
}

export function swept(partition: number, before: number): Delivered {
  const record: ChangeRecord = { op: 'sweep', before, position: { epoch: before, lsn: ZERO_LSN, seq: 0 } };
  return { table: 'positions', partition, record };
}

export async function migrate(pool: Pool): Promise<void> {
  for (const { sql } of transformMigrations()) await pool.query(sql);
}

/** One transaction of the pipeline. */
export async function deliver(pool: Pool, changes: Iterable<Delivered>): Promise<Summary> {
  const positions = new TableBatchBuilder();
  const competitors = new TableBatchBuilder();
  for (const { table, partition, record } of changes) {
    (table === 'positions' ? positions : competitors).add(record, partition);
  }
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const summary = await applyPositions(client, {
      positions: positions.build(),
      competitors: competitors.build(),
    });
    await client.query('COMMIT');
    client.release();
    return summary;
  } catch (error) {
    client.release(true);
    throw error;
  }
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
