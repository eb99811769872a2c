import { type PartialRow, UNAVAILABLE } from '../../change/change.ts';
import type { AnyChange } from '../define-pipeline.ts';
import { type IdType, readId } from './field.ts';
import type { CompetitorLookup } from './result.ts';
import { competitorShape, keyText, type LeftOut, rowOf } from './source-rows.ts';
import { sqlArray } from './sql-array.ts';
import type { SqlClient } from './sql-client.ts';

/** A name that a brand has given to a competitor. */
export interface NamedCompetitor {
  readonly competitorId: string;
  readonly brandId: string;
  /** Trimmed. */
  readonly name: string;
}

export interface StoredCompetitors<Change extends AnyChange> {
  /** Names before and after the changes; the same ones where nothing changed are left out. */
  readonly changed: readonly NamedCompetitor[];
  readonly incomplete: readonly LeftOut<Change>[];
  readonly rejected: readonly LeftOut<Change>[];
}

interface Upsert {
  readonly key: string;
  readonly competitor: NamedCompetitor;
  readonly epoch: number;
}

interface StateRow extends Record<string, unknown> {
  readonly key: string;
  readonly competitor: string;
  readonly brand: string;
  readonly name: string;
}

const COLUMNS = Object.keys(competitorShape.shape);
const RETURNED = 'source_key AS key, competitor_id::text AS competitor, brand_id::text AS brand, name';

/** Brings the state table of `brand_competitors` up to date. Deleted and replaced names count as changed. */
export async function storeCompetitors<Change extends AnyChange>(
  client: SqlClient,
  partition: number,
  changes: readonly Change[],
  ids: IdType,
): Promise<StoredCompetitors<Change>> {
  const incomplete: LeftOut<Change>[] = [];
  const rejected: LeftOut<Change>[] = [];
  const upserts: Upsert[] = [];
  const deletes: string[] = [];
  for (const change of changes) {
    const key = keyText(change.key);
    if (change.kind === 'delete') {
      deletes.push(key);
      continue;
    }
    const parsed = parseCompetitor(rowOf(change, COLUMNS), ids);
    if (parsed.state === 'complete')
      upserts.push({ key, competitor: parsed.competitor, epoch: change.epoch });
    else if (parsed.state === 'incomplete') incomplete.push({ change, reason: 'a column was not carried' });
    else {
      rejected.push({ change, reason: parsed.reason });
      deletes.push(key);
    }
  }
  const changed = [
    ...(await removeWhere(client, 'source_key = ANY($1::text[])', [sqlArray(deletes)])),
    ...(await upsertCompetitors(client, partition, upserts, ids)),
  ];
  return { changed, incomplete, rejected };
}

/** Removes the names of a partition, with an epoch only those that were last seen before it. */
export function removeCompetitors(
  client: SqlClient,
  partition: number,
  before: number | null,
): Promise<NamedCompetitor[]> {
  return removeWhere(client, 'partition = $1 AND ($2::bigint IS NULL OR epoch < $2)', [partition, before]);
}

type ParsedCompetitor =
  | { readonly state: 'complete'; readonly competitor: NamedCompetitor }
  | { readonly state: 'incomplete' }
  | { readonly state: 'rejected'; readonly reason: string };

function parseCompetitor(row: PartialRow, ids: IdType): ParsedCompetitor {
  const competitor = row['competitor_id'] ?? null;
  const brand = row['brand_id'] ?? null;
  const name = row['competitor_name'] ?? null;
  if (competitor === UNAVAILABLE || brand === UNAVAILABLE || name === UNAVAILABLE)
    return { state: 'incomplete' };
  const competitorId = readId(competitor, ids);
  const brandId = readId(brand, ids);
  if ('problem' in competitorId) return rejected(`competitor_id: ${competitorId.problem}`);
  if ('problem' in brandId) return rejected(`brand_id: ${brandId.problem}`);
  if (competitorId.value === null || brandId.value === null)
    return rejected('competitor_id or brand_id is NULL');
  const trimmed = typeof name === 'string' ? name.trim() : '';
  if (trimmed === '') return rejected('competitor_name is NULL or blank');
  const named = { competitorId: competitorId.value, brandId: brandId.value, name: trimmed };
  return { state: 'complete', competitor: named };
}

function rejected(reason: string): ParsedCompetitor {
  return { state: 'rejected', reason };
}

async function removeWhere(
  client: SqlClient,
  condition: string,
  values: unknown[],
): Promise<NamedCompetitor[]> {
  if (values[0] === '{}') return [];
  const { rows } = await client.query<StateRow>(
    `DELETE FROM freshet.transform_competitors WHERE ${condition} RETURNING ${RETURNED}`,
    values,
  );
  return rows.map(toCompetitor);
}

async function upsertCompetitors(
  client: SqlClient,
  partition: number,
  upserts: readonly Upsert[],
  ids: IdType,
): Promise<NamedCompetitor[]> {
  if (upserts.length === 0) return [];
  const existing = await client.query<StateRow>(
    `SELECT ${RETURNED} FROM freshet.transform_competitors WHERE source_key = ANY($1::text[])`,
    [sqlArray(upserts.map(({ key }) => key))],
  );
  await client.query(
    `INSERT INTO freshet.transform_competitors (source_key, competitor_id, brand_id, name, partition, epoch)
     SELECT e.* FROM (SELECT u.key, u.competitor, u.brand, u.name, $6::integer AS partition, u.epoch
       FROM unnest($1::text[], $2::${ids}[], $3::${ids}[], $4::text[], $5::bigint[])
         AS u(key, competitor, brand, name, epoch)) e
     WHERE NOT EXISTS (SELECT 1 FROM freshet.transform_competitors c WHERE c.source_key = e.key
       AND (c.competitor_id, c.brand_id, c.name, c.partition, c.epoch)
         = (e.competitor, e.brand, e.name, e.partition, e.epoch))
     ON CONFLICT (source_key) DO UPDATE SET (competitor_id, brand_id, name, partition, epoch) =
       (excluded.competitor_id, excluded.brand_id, excluded.name, excluded.partition, excluded.epoch)`,
    [
      sqlArray(upserts.map(({ key }) => key)),
      sqlArray(upserts.map(({ competitor }) => competitor.competitorId)),
      sqlArray(upserts.map(({ competitor }) => competitor.brandId)),
      sqlArray(upserts.map(({ competitor }) => competitor.name)),
      sqlArray(upserts.map(({ epoch }) => epoch)),
      partition,
    ],
  );
  const before = new Map(existing.rows.map((row) => [row.key, toCompetitor(row)]));
  return upserts.flatMap(({ key, competitor }) => difference(before.get(key), competitor));
}

function difference(before: NamedCompetitor | undefined, after: NamedCompetitor): NamedCompetitor[] {
  if (before === undefined) return [after];
  const same =
    before.competitorId === after.competitorId &&
    before.brandId === after.brandId &&
    before.name === after.name;
  return same ? [] : [before, after];
}

function toCompetitor({ competitor, brand, name }: StateRow): NamedCompetitor {
  return { competitorId: competitor, brandId: brand, name };
}

/**
 * Results whose outcome can depend on the changed names: those that did not find the name, those that have
 * a competitor of that name, and the brand's failed ones, since a competitor's row can be what fails them.
 */
export async function resultsNaming(
  client: SqlClient,
  changed: readonly NamedCompetitor[],
  ids: IdType,
): Promise<string[]> {
  if (changed.length === 0) return [];
  const { rows } = await client.query<{ result: string }>(
    `WITH changed AS (SELECT * FROM unnest($1::${ids}[], $2::text[], $3::${ids}[]) AS c(brand, name, competitor)),
     competitors AS (
       SELECT competitor, brand FROM changed
       UNION SELECT c.competitor_id, c.brand_id FROM changed JOIN freshet.transform_competitors c
         ON c.brand_id = changed.brand AND md5(c.name) = md5(changed.name) AND c.name = changed.name)
     SELECT u.collector_result_id::text AS result FROM changed JOIN freshet.transform_unknown_competitors u
       ON u.brand_id = changed.brand AND md5(u.name) = md5(changed.name) AND u.name = changed.name
     UNION SELECT f.collector_result_id::text FROM competitors c
       JOIN competitor_metrics m ON m.competitor_id = c.competitor
       JOIN metric_facts f ON f.id = m.metric_fact_id AND f.brand_id = c.brand
     UNION SELECT e.collector_result_id::text FROM freshet.transform_errors e
       WHERE e.brand_id IN (SELECT brand FROM changed)`,
    [
      sqlArray(changed.map(({ brandId }) => brandId)),
      sqlArray(changed.map(({ name }) => name)),
      sqlArray(changed.map(({ competitorId }) => competitorId)),
    ],
  );
  return rows.map(({ result }) => result);
}

/** Finds the given names; where a brand has a name twice, the smallest competitor_id has it. */
export async function readCompetitors(
  client: SqlClient,
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  ids: IdType,
): Promise<CompetitorLookup> {
  const pairs = [...wanted].flatMap(([brand, names]) => [...names].map((name) => [brand, name] as const));
  const found = new Map<string, Map<string, string>>();
  if (pairs.length > 0) {
    const { rows } = await client.query<{ brand: string; name: string; competitor: string }>({
      name: `transform_competitors_named_${ids}`,
      text: `SELECT w.brand::text, w.name, c.competitor::text
       FROM unnest($1::${ids}[], $2::text[]) AS w(brand, name) CROSS JOIN LATERAL
         (SELECT competitor_id AS competitor FROM freshet.transform_competitors
          WHERE brand_id = w.brand AND md5(name) = md5(w.name) AND name = w.name
          ORDER BY competitor_id LIMIT 1) c`,
      values: [sqlArray(pairs.map(([brand]) => brand)), sqlArray(pairs.map(([, name]) => name))],
    });
    for (const { brand, name, competitor } of rows) {
      found.set(brand, (found.get(brand) ?? new Map<string, string>()).set(name, competitor));
    }
  }
  return (brand, name) => found.get(brand)?.get(name);
}
