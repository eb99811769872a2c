import type pg from 'pg';
import type { Row, Value } from '../../change/change.ts';
import type { TableId } from '../../change/table.ts';
import { type IdType, readId } from '../../consumers/transform/field.ts';
import { type ExtractedPosition, parsePosition } from '../../consumers/transform/position-row.ts';
import type { CompetitorLookup } from '../../consumers/transform/result.ts';
import { compareIds } from '../../consumers/transform/result.ts';
import { competitorShape, positionShape } from '../../consumers/transform/source-rows.ts';
import { quoteTable } from '../../source/publication.ts';

/** Rows that one fetch brings. */
const FETCH_ROWS = 5_000;

/** All rows of one result. */
interface SourceResult {
  readonly collectorResultId: string;
  readonly positions: readonly ExtractedPosition[];
}

export interface SourceBatch {
  readonly results: readonly SourceResult[];
  /** Rows read for it, and of these the ones that belong to no result. */
  readonly rows: number;
  readonly rejected: number;
}

export interface SourceTables {
  readonly positions: TableId;
  readonly competitors: TableId;
  readonly ids: IdType;
}

/** Everything, the results with a row of one brand, or certain results. */
export type ResultFilter =
  | { readonly kind: 'all' }
  | { readonly kind: 'brand'; readonly brandId: string }
  | { readonly kind: 'results'; readonly results: readonly string[] };

/** Rows that the filter leaves, counted. */
export async function countPositions(
  client: pg.ClientBase,
  { positions }: SourceTables,
  filter: ResultFilter,
): Promise<number> {
  const { text, values } = condition(positions, filter);
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*) AS count FROM ${quoteTable(positions)} WHERE ${text}`,
    values,
  );
  return Number(rows[0]?.count ?? 0);
}

/**
 * Reads whole results in the order of their ids, some thousand rows at a time, within the caller's
 * transaction. Rows without a result come last, in a batch without results.
 */
export async function* readResults(
  client: pg.ClientBase,
  tables: SourceTables,
  filter: ResultFilter,
): AsyncGenerator<SourceBatch> {
  const columns = await presentColumns(client, tables.positions, Object.keys(positionShape.shape));
  const { text, values } = condition(tables.positions, filter);
  await client.query(
    `DECLARE transform_rows NO SCROLL CURSOR FOR SELECT ${columns.map(selected).join(', ')}
     FROM ${quoteTable(tables.positions)} AS p WHERE ${text} ORDER BY p.collector_result_id`,
    values,
  );
  let open: PositionGroups = new Map();
  for (;;) {
    const { rows } = await client.query<Record<string, string | null>>(
      `FETCH ${FETCH_ROWS} FROM transform_rows`,
    );
    const { groups, rejected } = grouped(
      rows.map((row) => toRow(columns, row)),
      tables.ids,
      open,
    );
    const ended = rows.length < FETCH_ROWS;
    // The last result may go on in the next fetch.
    const last = ended ? undefined : [...groups].at(-1);
    if (last !== undefined) groups.delete(last[0]);
    yield {
      results: [...groups].map(([id, positions]) => ({ collectorResultId: id, positions })),
      rows: rows.length,
      rejected,
    };
    open = new Map(last === undefined ? [] : [last]);
    if (ended) break;
  }
  await client.query('CLOSE transform_rows');
}

/** Every name of the source, as the pipeline knows it: trimmed; of a name that is there twice the smallest id. */
export async function readNames(
  client: pg.ClientBase,
  { competitors, ids }: SourceTables,
): Promise<CompetitorLookup> {
  const columns = await presentColumns(client, competitors, Object.keys(competitorShape.shape));
  const { rows } = await client.query<Record<string, string | null>>(
    `SELECT ${columns.map(selected).join(', ')} FROM ${quoteTable(competitors)}`,
  );
  const brands = new Map<string, Map<string, string>>();
  for (const row of rows) {
    const brand = readId(row['brand_id'] ?? null, ids);
    const competitor = readId(row['competitor_id'] ?? null, ids);
    const name = row['competitor_name']?.trim() ?? '';
    if ('problem' in brand || 'problem' in competitor || name === '') continue;
    if (brand.value === null || competitor.value === null) continue;
    const names = brands.get(brand.value) ?? new Map<string, string>();
    brands.set(brand.value, names);
    const known = names.get(name);
    if (known === undefined || isSmaller(competitor.value, known, ids)) names.set(name, competitor.value);
  }
  return (brand, name) => brands.get(brand)?.get(name);
}

function isSmaller(a: string, b: string, ids: IdType): boolean {
  return ids === 'bigint' ? compareIds(a, b) < 0 : a < b;
}

type PositionGroups = Map<string, ExtractedPosition[]>;

function grouped(
  rows: readonly Row[],
  ids: IdType,
  open: PositionGroups,
): { groups: PositionGroups; rejected: number } {
  const groups = new Map(open);
  let rejected = 0;
  for (const row of rows) {
    const parsed = parsePosition(row, { ids });
    if (parsed.state !== 'complete') {
      rejected += 1;
      continue;
    }
    const { collectorResultId } = parsed.position;
    const group = groups.get(collectorResultId);
    if (group === undefined) groups.set(collectorResultId, [parsed.position]);
    else group.push(parsed.position);
  }
  return { groups, rejected };
}

interface PresentColumn {
  readonly name: string;
  readonly isArray: boolean;
}

/** A column that the table lacks reads as NULL, as it does for the pipeline. */
async function presentColumns(
  client: pg.ClientBase,
  table: TableId,
  wanted: readonly string[],
): Promise<PresentColumn[]> {
  const { rows } = await client.query<{ name: string; is_array: boolean }>(
    `SELECT attname AS name, typcategory = 'A' AS is_array FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname = ANY($2)`,
    [quoteTable(table), wanted],
  );
  return rows.map(({ name, is_array }) => ({ name, isArray: is_array }));
}

function selected({ name, isArray }: PresentColumn): string {
  return isArray ? `to_json("${name}"::text[])::text AS "${name}"` : `"${name}"::text AS "${name}"`;
}

function toRow(columns: readonly PresentColumn[], texts: Readonly<Record<string, string | null>>): Row {
  return Object.fromEntries(
    columns.map(({ name, isArray }) => {
      const text = texts[name] ?? null;
      return [name, isArray && text !== null ? (JSON.parse(text) as Value) : text];
    }),
  );
}

/** A brand's results are taken whole: rows of competitors need not name the brand. */
export function brandCondition(positions: TableId, brandId: string): string {
  const literal = `'${brandId.replaceAll("'", "''")}'`;
  return `"collector_result_id" IN (SELECT "collector_result_id" FROM ${quoteTable(positions)} WHERE "brand_id" = ${literal})`;
}

function condition(positions: TableId, filter: ResultFilter): { text: string; values: unknown[] } {
  switch (filter.kind) {
    case 'all':
      return { text: 'true', values: [] };
    case 'brand':
      return { text: brandCondition(positions, filter.brandId), values: [] };
    case 'results':
      return { text: '"collector_result_id"::text = ANY($1)', values: [filter.results] };
  }
}
