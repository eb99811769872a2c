import type pg from 'pg';
import type { CatalogTable } from '../source/table-catalog.ts';
import { keyColumns, rangeConditions, tableName } from './chunk-query.ts';
import type { KeyTexts } from './key-walk.ts';

/** What is to be divided: the rows behind `after` that the condition lets through. */
export interface SplitScope {
  readonly after: KeyTexts;
  readonly where: string | null;
  readonly parts: number;
  /** No part is much smaller, by the pages that its rows lie in. */
  readonly partBytes: number;
}

/** Keys of this many pages make parts that differ little, and are read in well under a second. */
const SAMPLED_PAGES = 400;
const TIMEOUT_MS = 10_000;

/**
 * Divides by a sample of the keys themselves: it needs no statistics and no count, orders as the database
 * does, and finds any gap. Where the points fall is a matter of speed only.
 */
export async function readSplitPoints(
  client: pg.ClientBase,
  table: CatalogTable,
  scope: SplitScope,
): Promise<KeyTexts[]> {
  await client.query(`SET LOCAL statement_timeout = ${TIMEOUT_MS}`);
  const sizes = await client.query<{ bytes: number; pages: number }>(SIZE, [tableName(table)]);
  const { bytes, pages } = sizes.rows[0] ?? { bytes: 0, pages: 0 };
  const parts = Math.min(scope.parts, Math.floor(bytes / scope.partBytes));
  if (parts < 2) return [];
  const percent = Math.min(100, (100 * SAMPLED_PAGES) / pages);
  const text = splitQuery(table, { ...scope, parts }, percent);
  const { rows } = await client.query<string[]>({ text, rowMode: 'array' });
  return rows;
}

/** Of a partitioned table: of its partitions. */
const SIZE = `
  SELECT bytes::float8, (bytes / current_setting('block_size')::int)::float8 AS pages
    FROM (SELECT coalesce(sum(pg_relation_size(relid)), pg_relation_size($1::regclass)) AS bytes
            FROM pg_partition_tree($1::regclass)) AS sizes`;

/** A row is a border where its share of the sample is the first of the next part's. */
function splitQuery(table: CatalogTable, { after, where, parts }: SplitScope, percent: number): string {
  const key = keyColumns(table).join(', ');
  const texts = table.schema.key.map((column) => table.expressions[column]).join(', ');
  const conditions = rangeConditions(table, { range: { after, upTo: null }, where }).join(' AND ');
  return `
    SELECT ${texts}
      FROM (SELECT ${key}, row_number() OVER (ORDER BY ${key}) AS "freshet row", count(*) OVER () AS "freshet rows"
              FROM ${tableName(table)} TABLESAMPLE SYSTEM (${percent}) WHERE ${conditions}) AS sample
     WHERE "freshet row" < "freshet rows"
       AND "freshet row" * ${parts} / "freshet rows" > ("freshet row" - 1) * ${parts} / "freshet rows"
     ORDER BY "freshet row"`;
}
