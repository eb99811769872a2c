import type { IdType } from './field.ts';
import { type ExtractedPosition, type ParsedPosition, parsePosition } from './position-row.ts';
import type { SqlClient } from './sql-client.ts';
import { jsonLines, sqlArray } from './sql-array.ts';
import { decodeStateRow, encodeStateRow } from './state-row.ts';
import type { KeyChange, Origin, TableBatch } from './transform-batch.ts';

/** A change that could not be stored, by its source id. */
export interface LeftOut {
  readonly id: string;
  readonly reason: string;
}

export interface StoredPositions {
  /** Results that a change belongs to, or belonged to before it. */
  readonly results: ReadonlySet<string>;
  /** What was stored, by source id: it need not be read again. */
  readonly positions: ReadonlyMap<string, ExtractedPosition>;
  /** Rows of which a needed column was not carried and is not stored: to be refreshed. */
  readonly incomplete: readonly LeftOut[];
  /** Rows that belong to no result. */
  readonly rejected: readonly LeftOut[];
}

interface Existing {
  readonly collectorResultId: string;
  readonly epoch: number;
  readonly content: string | null;
}

/**
 * Brings the state table's input rows up to date with a batch. Rows that are the same are not written,
 * but count as touched: their results are computed again, so that emptied target tables fill up.
 */
export async function storePositions(
  client: SqlClient,
  batch: TableBatch,
  ids: IdType,
): Promise<StoredPositions> {
  const results = new Set<string>();
  await removeTruncated(client, batch, results);
  const existing = await readExisting(client, batch);
  for (const { collectorResultId } of existing.values()) results.add(collectorResultId);
  const sorted = sortChanges(batch, existing, ids);
  for (const { position } of sorted.upserts) results.add(position.collectorResultId);
  await deleteRows(client, sorted.deletes);
  const isStored = ({ position }: Upsert): boolean => existing.has(position.id);
  await writeRows(
    client,
    sorted.upserts.filter((each) => !isStored(each)),
    '',
  );
  await writeRows(client, sorted.upserts.filter(isStored), REPLACE_DIFFERENT);
  await sweep(client, batch, results);
  const positions = new Map(sorted.upserts.map(({ position }) => [position.id, position]));
  return { results, positions, incomplete: sorted.incomplete, rejected: sorted.rejected };
}

async function removeTruncated(
  client: SqlClient,
  { truncated }: TableBatch,
  results: Set<string>,
): Promise<void> {
  if (truncated.size === 0) return;
  const removed = await client.query<{ result: string }>(
    `WITH gone AS (DELETE FROM freshet.transform_positions WHERE partition = ANY($1::integer[])
       RETURNING collector_result_id)
     SELECT DISTINCT collector_result_id::text AS result FROM gone`,
    [sqlArray([...truncated])],
  );
  for (const { result } of removed.rows) results.add(result);
}

/** The contents only of rows whose change lacks a column. */
async function readExisting(client: SqlClient, { keys }: TableBatch): Promise<Map<string, Existing>> {
  if (keys.size === 0) return new Map();
  const partial = [...keys].filter(([, change]) => change.kind === 'upsert' && mayNeedStored(change));
  const { rows } = await client.query<{ id: string; result: string; epoch: string; content: string | null }>(
    `SELECT id::text, collector_result_id::text AS result, epoch::text,
       CASE WHEN id = ANY($2::bigint[]) THEN content END AS content
     FROM freshet.transform_positions WHERE id = ANY($1::bigint[])`,
    [sqlArray([...keys.keys()]), sqlArray(partial.map(([id]) => id))],
  );
  return new Map(
    rows.map(({ id, result, epoch, content }) => [
      id,
      { collectorResultId: result, epoch: Number(epoch), content },
    ]),
  );
}

function mayNeedStored(change: KeyChange & { kind: 'upsert' }): boolean {
  const [first] = change.rows;
  return !change.replaces && first !== undefined && parsePosition(first).state === 'incomplete';
}

interface Upsert {
  readonly position: ExtractedPosition;
  readonly origin: Origin;
}

interface SortedChanges {
  readonly upserts: readonly Upsert[];
  readonly deletes: readonly string[];
  readonly incomplete: readonly LeftOut[];
  readonly rejected: readonly LeftOut[];
}

function sortChanges(batch: TableBatch, existing: ReadonlyMap<string, Existing>, ids: IdType): SortedChanges {
  const upserts: Upsert[] = [];
  const deletes: string[] = [];
  const incomplete: LeftOut[] = [];
  const rejected: LeftOut[] = [];
  for (const [id, change] of batch.keys) {
    if (change.kind === 'delete') {
      deletes.push(id);
      continue;
    }
    const parsed = parseChange(change, storedOf(id, change, existing.get(id)), ids);
    if (parsed.state === 'complete') upserts.push({ position: parsed.position, origin: change });
    else if (parsed.state === 'incomplete') {
      incomplete.push({ id, reason: `${parsed.column} was not carried and is not stored` });
      if (change.replaces) deletes.push(id);
    } else {
      rejected.push({ id, reason: parsed.reason });
      deletes.push(id);
    }
  }
  return { upserts, deletes, incomplete, rejected };
}

function storedOf(id: string, change: Origin, existing: Existing | undefined): ExtractedPosition | undefined {
  if (existing === undefined || existing.content === null || existing.epoch < change.epoch) return undefined;
  return decodeStateRow({ id, collectorResultId: existing.collectorResultId }, existing.content);
}

function parseChange(
  { rows }: KeyChange & { kind: 'upsert' },
  stored: ExtractedPosition | undefined,
  ids: IdType,
): ParsedPosition {
  let parsed: ParsedPosition = { state: 'rejected', reason: 'the change has no row' };
  let before = stored;
  for (const row of rows) {
    parsed = parsePosition(row, { ids, stored: before });
    before = parsed.state === 'complete' ? parsed.position : undefined;
  }
  return parsed;
}

async function deleteRows(client: SqlClient, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await client.query('DELETE FROM freshet.transform_positions WHERE id = ANY($1::bigint[])', [sqlArray(ids)]);
}

const REPLACE_DIFFERENT = `
     WHERE NOT EXISTS (SELECT 1 FROM freshet.transform_positions p WHERE p.id = e.id
       AND (p.collector_result_id, p.partition, p.epoch, p.content) = (e.result, e.partition, e.epoch, e.content))
     ON CONFLICT (id) DO UPDATE SET (collector_result_id, partition, epoch, content) =
       (excluded.collector_result_id, excluded.partition, excluded.epoch, excluded.content)`;

async function writeRows(client: SqlClient, upserts: readonly Upsert[], onExisting: string): Promise<void> {
  if (upserts.length === 0) return;
  await client.query(
    `INSERT INTO freshet.transform_positions (id, collector_result_id, partition, epoch, content)
     SELECT e.* FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::bigint[], string_to_array($5, E'\\n'))
       AS e(id, result, partition, epoch, content) ${onExisting}`,
    [
      sqlArray(upserts.map(({ position }) => position.id)),
      sqlArray(upserts.map(({ position }) => position.collectorResultId)),
      sqlArray(upserts.map(({ origin }) => origin.partition)),
      sqlArray(upserts.map(({ origin }) => origin.epoch)),
      jsonLines(upserts.map(({ position }) => encodeStateRow(position))),
    ],
  );
}

async function sweep(client: SqlClient, { sweeps }: TableBatch, results: Set<string>): Promise<void> {
  for (const [partition, before] of sweeps) {
    const gone = await client.query<{ result: string }>(
      `WITH gone AS (DELETE FROM freshet.transform_positions WHERE partition = $1 AND epoch < $2
         RETURNING collector_result_id)
       SELECT DISTINCT collector_result_id::text AS result FROM gone`,
      [partition, before],
    );
    for (const { result } of gone.rows) results.add(result);
  }
}

/**
 * Locks results in the order given, which must be sorted: two batches that share results wait for each
 * other and never deadlock. The lock's row is not written when it is there.
 */
export async function lockResults(client: SqlClient, results: readonly string[]): Promise<void> {
  await client.query(
    `INSERT INTO freshet.transform_results AS r (collector_result_id) SELECT unnest($1::bigint[])
     ON CONFLICT (collector_result_id) DO UPDATE SET collector_result_id = r.collector_result_id WHERE false`,
    [sqlArray(results)],
  );
}

/** Lock rows of results that have no input rows any more. */
export async function forgetResults(client: SqlClient, results: readonly string[]): Promise<void> {
  if (results.length === 0) return;
  await client.query('DELETE FROM freshet.transform_results WHERE collector_result_id = ANY($1::bigint[])', [
    sqlArray(results),
  ]);
}

/** All input rows of the results; those in `known` are not sent again. LATERAL keeps the plan on the index without statistics. */
export async function readPositions(
  client: SqlClient,
  results: readonly string[],
  known: ReadonlyMap<string, ExtractedPosition>,
): Promise<Map<string, ExtractedPosition[]>> {
  const { rows } = await client.query<{ result: string; id: string; content: string | null }>(
    `SELECT p.collector_result_id::text AS result, p.id::text,
       CASE WHEN p.id = ANY($2::bigint[]) THEN NULL ELSE p.content END AS content
     FROM unnest($1::bigint[]) AS u(result) CROSS JOIN LATERAL
       (SELECT * FROM freshet.transform_positions WHERE collector_result_id = u.result OFFSET 0) p`,
    [sqlArray(results), sqlArray([...known.keys()])],
  );
  const byResult = new Map<string, ExtractedPosition[]>(results.map((result) => [result, []]));
  for (const { result, id, content } of rows) {
    const position =
      content === null ? known.get(id) : decodeStateRow({ id, collectorResultId: result }, content);
    if (position !== undefined) byResult.get(result)?.push(position);
  }
  return byResult;
}
