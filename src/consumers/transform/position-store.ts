import type { AnyChange } from '../define-pipeline.ts';
import { COPY_FROM_ROWS, type CopyCell, copyRows } from '../../sinks/copy-rows.ts';
import { type IdType, readId } from './field.ts';
import { type ExtractedPosition, parsePosition } from './position-row.ts';
import { keyText, type LeftOut, positionShape, rowOf } from './source-rows.ts';
import { jsonLines, sqlArray } from './sql-array.ts';
import type { SqlClient } from './sql-client.ts';
import { decodeStateRow, encodeStateRow } from './state-row.ts';

const POSITION_COLUMNS = Object.keys(positionShape.shape);

export interface StoredPositions<Change extends AnyChange> {
  /** Results that a change belongs to, or belonged to before it; with the refresh of the group that asked for it. */
  readonly results: ReadonlyMap<string, string | null>;
  /** What was stored, by source id: it need not be read again. */
  readonly positions: ReadonlyMap<string, ExtractedPosition>;
  /** Rows of which a needed column was not carried and is not stored: to be refreshed. */
  readonly incomplete: readonly LeftOut<Change>[];
  /** Rows that belong to no result. */
  readonly rejected: readonly LeftOut<Change>[];
}

interface Existing {
  readonly collectorResultId: string;
  readonly epoch: number;
  readonly content: string | null;
}

/**
 * Brings the state table's input rows up to date with the changes of a partition, at most one a key. Rows
 * that are the same are not written, but count as touched: their results are computed again, so that
 * emptied target tables fill up.
 */
export async function storePositions<Change extends AnyChange>(
  client: SqlClient,
  partition: number,
  changes: readonly Change[],
  ids: IdType,
  group: string,
): Promise<StoredPositions<Change>> {
  const keyed = changes.map((change) => ({ id: sourceId(change), change }));
  const existing = await readExisting(client, keyed);
  const sorted = sortChanges(keyed, existing, ids);
  await deleteRows(client, sorted.deletes);
  const isStored = ({ position }: Upsert): boolean => existing.has(position.id);
  const fresh = sorted.upserts.filter((each) => !isStored(each));
  if (fresh.length < COPY_FROM_ROWS) await writeRows(client, partition, sorted.upserts);
  else {
    await insertRows(client, partition, fresh);
    await writeRows(client, partition, sorted.upserts.filter(isStored));
  }
  const { incomplete, rejected } = sorted;
  const positions = new Map(sorted.upserts.map(({ position }) => [position.id, position]));
  return { results: touchedResults(keyed, existing, positions, group), positions, incomplete, rejected };
}

function touchedResults(
  changes: readonly Keyed[],
  existing: ReadonlyMap<string, Existing>,
  positions: ReadonlyMap<string, ExtractedPosition>,
  group: string,
): Map<string, string | null> {
  const results = new Map<string, string | null>();
  for (const { id, change } of changes) {
    if (id === null) continue;
    const refresh = change.tag?.group === group ? change.tag.id : null;
    for (const result of [existing.get(id)?.collectorResultId, positions.get(id)?.collectorResultId])
      if (result !== undefined) results.set(result, refresh ?? results.get(result) ?? null);
  }
  return results;
}

/**
 * Removes the rows of a partition, with an epoch only those that were last seen before it. Gives the
 * results that they belonged to.
 */
export async function removePositions(
  client: SqlClient,
  partition: number,
  before: number | null,
): Promise<string[]> {
  const { rows } = await client.query<{ result: string }>(
    `WITH gone AS (DELETE FROM freshet.transform_positions
       WHERE partition = $1 AND ($2::bigint IS NULL OR epoch < $2) RETURNING collector_result_id)
     SELECT DISTINCT collector_result_id::text AS result FROM gone`,
    [partition, before],
  );
  return rows.map(({ result }) => result);
}

/** A change with its `id` as decimal text; null where it is no id at all. */
interface Keyed<Change extends AnyChange = AnyChange> {
  readonly id: string | null;
  readonly change: Change;
}

function sourceId({ key }: AnyChange): string | null {
  const id = readId(key['id'] ?? null, 'bigint');
  return 'value' in id ? id.value : null;
}

/** The contents only of rows whose change lacks a column. */
async function readExisting(client: SqlClient, changes: readonly Keyed[]): Promise<Map<string, Existing>> {
  const ids = changes.flatMap(({ id }) => id ?? []);
  if (ids.length === 0) return new Map();
  const partial = changes.flatMap(({ id, change }) => (id !== null && change.kind === 'patch' ? [id] : []));
  const { rows } = await client.query<{ id: string; result: string; epoch: string; content: string | null }>({
    name: 'transform_existing',
    text: `SELECT id::text, collector_result_id::text AS result, epoch::text,
       CASE WHEN id IN (SELECT unnest($2::bigint[])) THEN content END AS content
     FROM freshet.transform_positions WHERE id = ANY($1::bigint[])`,
    values: [sqlArray(ids), sqlArray(partial)],
  });
  return new Map(
    rows.map(({ id, result, epoch, content }) => [
      id,
      { collectorResultId: result, epoch: Number(epoch), content },
    ]),
  );
}

interface Upsert {
  readonly position: ExtractedPosition;
  readonly epoch: number;
}

interface SortedChanges<Change extends AnyChange> {
  readonly upserts: readonly Upsert[];
  readonly deletes: readonly string[];
  readonly incomplete: readonly LeftOut<Change>[];
  readonly rejected: readonly LeftOut<Change>[];
}

/** A row that is rejected takes what was stored of it along: it no longer says what it said. */
function sortChanges<Change extends AnyChange>(
  changes: readonly Keyed<Change>[],
  existing: ReadonlyMap<string, Existing>,
  ids: IdType,
): SortedChanges<Change> {
  const upserts: Upsert[] = [];
  const deletes: string[] = [];
  const incomplete: LeftOut<Change>[] = [];
  const rejected: LeftOut<Change>[] = [];
  for (const { id, change } of changes) {
    if (id === null) rejected.push({ change, reason: `the key ${keyText(change.key)} is no id of 64 bits` });
    else if (change.kind === 'delete') deletes.push(id);
    else {
      const stored = storedOf(id, change, existing.get(id));
      const parsed = parsePosition(rowOf(change, POSITION_COLUMNS), { ids, stored });
      if (parsed.state === 'complete') upserts.push({ position: parsed.position, epoch: change.epoch });
      else if (parsed.state === 'incomplete')
        incomplete.push({ change, reason: `${parsed.column} was not carried and is not stored` });
      else {
        rejected.push({ change, reason: parsed.reason });
        deletes.push(id);
      }
    }
  }
  return { upserts, deletes, incomplete, rejected };
}

function storedOf(
  id: string,
  change: AnyChange,
  existing: Existing | undefined,
): ExtractedPosition | undefined {
  if (existing === undefined || existing.content === null || existing.epoch < change.epoch) return undefined;
  return decodeStateRow({ id, collectorResultId: existing.collectorResultId }, existing.content);
}

async function deleteRows(client: SqlClient, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await client.query('DELETE FROM freshet.transform_positions WHERE id = ANY($1::bigint[])', [sqlArray(ids)]);
}

const COLUMNS = ['id', 'collector_result_id', 'partition', 'epoch', 'content'] as const;

/** Rows that are not there yet. */
async function insertRows(client: SqlClient, partition: number, upserts: readonly Upsert[]): Promise<void> {
  function* rows(): Generator<readonly CopyCell[]> {
    for (const { position, epoch } of upserts)
      yield [position.id, position.collectorResultId, partition, epoch, encodeStateRow(position)];
  }
  await copyRows(client, 'freshet.transform_positions', COLUMNS, rows());
}

/** Rows that are the same already are left untouched. */
async function writeRows(client: SqlClient, partition: number, upserts: readonly Upsert[]): Promise<void> {
  if (upserts.length === 0) return;
  await client.query({
    name: 'transform_positions_write',
    text: `INSERT INTO freshet.transform_positions (${COLUMNS.join(', ')})
     SELECT e.* FROM (SELECT u.id, u.result, $5::integer AS partition, u.epoch, u.content
       FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], string_to_array($4, E'\\n'))
         AS u(id, result, epoch, content)) e
     WHERE NOT EXISTS (SELECT 1 FROM freshet.transform_positions p WHERE p.id = e.id
       AND (p.collector_result_id, p.partition, p.epoch, p.content) = (e.result, e.partition, e.epoch, e.content))
     ON CONFLICT (id) DO UPDATE SET (collector_result_id, partition, epoch, content) =
       (excluded.collector_result_id, excluded.partition, excluded.epoch, excluded.content)`,
    values: [
      sqlArray(upserts.map(({ position }) => position.id)),
      sqlArray(upserts.map(({ position }) => position.collectorResultId)),
      sqlArray(upserts.map(({ epoch }) => epoch)),
      jsonLines(upserts.map(({ position }) => encodeStateRow(position))),
      partition,
    ],
  });
}

/**
 * All input rows of the results; those in `known` are not sent again. LATERAL keeps the plan on the index
 * without statistics; a list in a sub-select is hashed, where `= ANY` would be searched for each row.
 */
export async function readPositions(
  client: SqlClient,
  results: readonly string[],
  known: ReadonlyMap<string, ExtractedPosition>,
): Promise<Map<string, ExtractedPosition[]>> {
  const { rows } = await client.query<{ result: string; id: string; content: string | null }>({
    name: 'transform_positions_of_results',
    text: `SELECT p.collector_result_id::text AS result, p.id::text,
       CASE WHEN p.id IN (SELECT unnest($2::bigint[])) THEN NULL ELSE p.content END AS content
     FROM unnest($1::bigint[]) AS u(result) CROSS JOIN LATERAL
       (SELECT * FROM freshet.transform_positions WHERE collector_result_id = u.result OFFSET 0) p`,
    values: [sqlArray(results), sqlArray([...known.keys()])],
  });
  const byResult = new Map<string, ExtractedPosition[]>(results.map((result) => [result, []]));
  for (const { result, id, content } of rows) {
    const position =
      content === null ? known.get(id) : decodeStateRow({ id, collectorResultId: result }, content);
    if (position !== undefined) byResult.get(result)?.push(position);
  }
  return byResult;
}
