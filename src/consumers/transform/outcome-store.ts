import type { IdType } from './field.ts';
import type { ResultErrorCode } from './result.ts';
import type { SqlClient } from './sql-client.ts';
import { sqlArray } from './sql-array.ts';

export interface RecordedError {
  readonly collectorResultId: string;
  readonly brandId: string | null;
  readonly code: ResultErrorCode;
  readonly reason: string;
}

export interface UnknownCompetitor {
  readonly collectorResultId: string;
  readonly brandId: string;
  readonly name: string;
}

/**
 * Makes `transform_errors` and `transform_unknown_competitors` hold exactly these errors and names of the
 * results.
 */
export async function recordOutcomes(
  client: SqlClient,
  results: readonly string[],
  errors: readonly RecordedError[],
  unknown: readonly UnknownCompetitor[],
  ids: IdType,
): Promise<void> {
  const recorded = await dropErrors(client, results, errors);
  await writeErrors(client, errors, ids);
  await removeUnknown(client, without(recorded, unknown), ids);
  await insertUnknown(client, without(unknown, recorded), ids);
}

/** Errors that the results no longer have are gone then. Answers the names that are recorded of them: one round trip for both. */
async function dropErrors(
  client: SqlClient,
  results: readonly string[],
  kept: readonly RecordedError[],
): Promise<UnknownCompetitor[]> {
  const { rows } = await client.query<{ result: string; brand: string; name: string }>({
    name: 'transform_drop_errors',
    text: `WITH gone AS (DELETE FROM freshet.transform_errors
       WHERE collector_result_id = ANY($1::bigint[]) AND collector_result_id <> ALL($2::bigint[]))
     SELECT collector_result_id::text AS result, brand_id::text AS brand, name
     FROM unnest($1::bigint[]) AS u(result) CROSS JOIN LATERAL
       (SELECT * FROM freshet.transform_unknown_competitors WHERE collector_result_id = u.result OFFSET 0) n`,
    values: [sqlArray(results), sqlArray(kept.map(({ collectorResultId }) => collectorResultId))],
  });
  return rows.map(({ result, brand, name }) => ({ collectorResultId: result, brandId: brand, name }));
}

async function writeErrors(client: SqlClient, errors: readonly RecordedError[], ids: IdType): Promise<void> {
  if (errors.length === 0) return;
  await client.query(
    `INSERT INTO freshet.transform_errors AS t (collector_result_id, brand_id, code, reason)
     SELECT * FROM unnest($1::bigint[], $2::${ids}[], $3::text[], $4::text[])
     ON CONFLICT (collector_result_id) DO UPDATE
       SET (brand_id, code, reason, recorded_at) = (excluded.brand_id, excluded.code, excluded.reason, now())
       WHERE (t.brand_id, t.code, t.reason) IS DISTINCT FROM (excluded.brand_id, excluded.code, excluded.reason)`,
    [
      sqlArray(errors.map(({ collectorResultId }) => collectorResultId)),
      sqlArray(errors.map(({ brandId }) => brandId)),
      sqlArray(errors.map(({ code }) => code)),
      sqlArray(errors.map(({ reason }) => reason)),
    ],
  );
}

function without(
  rows: readonly UnknownCompetitor[],
  others: readonly UnknownCompetitor[],
): UnknownCompetitor[] {
  if (others.length === 0) return [...rows];
  const keys = new Set(others.map(keyOf));
  return rows.filter((row) => !keys.has(keyOf(row)));
}

function keyOf({ collectorResultId, brandId, name }: UnknownCompetitor): string {
  return `${collectorResultId}\n${brandId}\n${name}`;
}

async function removeUnknown(
  client: SqlClient,
  gone: readonly UnknownCompetitor[],
  ids: IdType,
): Promise<void> {
  if (gone.length === 0) return;
  await client.query(
    `DELETE FROM freshet.transform_unknown_competitors t
     USING unnest($1::bigint[], $2::${ids}[], $3::text[]) AS g(result, brand, name)
     WHERE t.collector_result_id = g.result AND t.brand_id = g.brand AND t.name = g.name`,
    parameters(gone),
  );
}

async function insertUnknown(
  client: SqlClient,
  added: readonly UnknownCompetitor[],
  ids: IdType,
): Promise<void> {
  if (added.length === 0) return;
  await client.query(
    `INSERT INTO freshet.transform_unknown_competitors (collector_result_id, brand_id, name)
     SELECT * FROM unnest($1::bigint[], $2::${ids}[], $3::text[])`,
    parameters(added),
  );
}

function parameters(rows: readonly UnknownCompetitor[]): string[] {
  return [
    sqlArray(rows.map(({ collectorResultId }) => collectorResultId)),
    sqlArray(rows.map(({ brandId }) => brandId)),
    sqlArray(rows.map(({ name }) => name)),
  ];
}

/** How many results have an error, and how many names without a competitor are used: once a result. */
export async function countOutcomes(
  client: SqlClient,
): Promise<{ readonly error: number; readonly unknown_competitor: number }> {
  const { rows } = await client.query<{ error: number; unknown_competitor: number }>(
    `SELECT (SELECT count(*) FROM freshet.transform_errors)::integer AS error,
       (SELECT count(*) FROM freshet.transform_unknown_competitors)::integer AS unknown_competitor`,
  );
  return rows[0] ?? { error: 0, unknown_competitor: 0 };
}

/**
 * Errors that were recorded since `after` (null: now is where it begins) and have lasted: rows of a result
 * that come one after the other give one for a moment. At most `limit`, and how many `more` there are.
 */
export async function newErrors(
  client: SqlClient,
  after: string | null,
  limit: number,
): Promise<{ readonly upTo: string; readonly errors: readonly RecordedError[]; readonly more: number }> {
  const { rows: times } = await client.query<{ up_to: string }>(
    `SELECT (clock_timestamp() - interval '3 s')::text AS up_to`,
  );
  const upTo = times[0]?.up_to ?? '';
  if (after === null) return { upTo, errors: [], more: 0 };
  const { rows } = await client.query<{
    id: string;
    brand: string | null;
    code: ResultErrorCode;
    reason: string;
    all: number;
  }>(
    `SELECT collector_result_id::text AS id, brand_id::text AS brand, code, reason, (count(*) OVER ())::integer AS "all"
     FROM freshet.transform_errors WHERE recorded_at > $1 AND recorded_at <= $2 ORDER BY recorded_at LIMIT $3`,
    [after, upTo, limit],
  );
  const errors = rows.map(({ id, brand, code, reason }) => ({
    collectorResultId: id,
    brandId: brand,
    code,
    reason,
  }));
  return { upTo, errors, more: (rows[0]?.all ?? 0) - rows.length };
}
