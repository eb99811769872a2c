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

/** Makes `transform_errors` hold exactly these errors of the results. */
export async function recordErrors(
  client: SqlClient,
  results: readonly string[],
  errors: readonly RecordedError[],
  ids: IdType,
): Promise<void> {
  const failed = sqlArray(errors.map(({ collectorResultId }) => collectorResultId));
  await client.query(
    `DELETE FROM freshet.transform_errors
     WHERE collector_result_id = ANY($1::bigint[]) AND collector_result_id <> ALL($2::bigint[])`,
    [sqlArray(results), failed],
  );
  if (errors.length === 0) return;
  await client.query(
    `INSERT INTO freshet.transform_errors AS t (collector_result_id, brand_id, code, reason)
     SELECT * FROM unnest($1::bigint[], $2::${ids}[], $3::text[], $4::text[])
     ON CONFLICT (collector_result_id) DO UPDATE
       SET (brand_id, code, reason, recorded_at) = (excluded.brand_id, excluded.code, excluded.reason, now())
       WHERE (t.brand_id, t.code, t.reason) IS DISTINCT FROM (excluded.brand_id, excluded.code, excluded.reason)`,
    [
      failed,
      sqlArray(errors.map(({ brandId }) => brandId)),
      sqlArray(errors.map(({ code }) => code)),
      sqlArray(errors.map(({ reason }) => reason)),
    ],
  );
}

/** Makes `transform_unknown_competitors` hold exactly these names of the results. */
export async function recordUnknownCompetitors(
  client: SqlClient,
  results: readonly string[],
  unknown: readonly UnknownCompetitor[],
  ids: IdType,
): Promise<void> {
  const { rows } = await client.query<{ result: string; brand: string; name: string }>(
    `SELECT collector_result_id::text AS result, brand_id::text AS brand, name
     FROM unnest($1::bigint[]) AS u(result) CROSS JOIN LATERAL
       (SELECT * FROM freshet.transform_unknown_competitors WHERE collector_result_id = u.result OFFSET 0) n`,
    [sqlArray(results)],
  );
  const recorded = rows.map(({ result, brand, name }) => ({
    collectorResultId: result,
    brandId: brand,
    name,
  }));
  await removeUnknown(client, without(recorded, unknown), ids);
  await insertUnknown(client, without(unknown, recorded), ids);
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
