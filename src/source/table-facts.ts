import type pg from 'pg';
import { formatTable, type TableId } from '../change/table.ts';

export interface ColumnFact {
  /** `attnum`: stays the same when a column is renamed, and is never given twice. */
  readonly number: number;
  readonly name: string;
  readonly type: number;
  readonly typmod: number;
  /** Rows that are older than the column may hold a value in it: it has, or was added with, a default. */
  readonly filled: boolean;
}

/** What must not change behind a capture's back, as the catalog shows it. */
export interface TableFacts {
  readonly oid: number;
  /** Names the publication and its entry for the table, and changes when either is altered or made anew; null: not published. */
  readonly publication: string | null;
  /** The publication leaves out rows, columns, or a kind of change; null: it is whole. */
  readonly leavesOut: string | null;
  readonly columns: readonly ColumnFact[];
}

interface FactRow {
  readonly schema: string;
  readonly name: string;
  readonly oid: number | null;
  readonly publication: string | null;
  readonly leaves_out: string | null;
  readonly columns: readonly ColumnFact[] | null;
}

/** `xmin` is the transaction that last wrote a catalog row: an entry that was removed and put back has another. */
const FACTS = `
  SELECT w.schema, w.name, c.oid,
         CASE WHEN p.puballtables OR r.oid IS NOT NULL OR s.oid IS NOT NULL
              THEN concat_ws('/', p.oid, p.xmin, r.oid, r.xmin, s.oid, s.xmin) END AS publication,
         CASE WHEN NOT (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate) THEN 'a kind of change'
              WHEN r.prqual IS NOT NULL THEN 'rows'
              WHEN r.prattrs IS NOT NULL THEN 'columns'
              WHEN c.relkind = 'p' AND NOT p.pubviaroot THEN 'the name of the partitioned table' END AS leaves_out,
         (SELECT json_agg(json_build_object('number', a.attnum, 'name', a.attname, 'type', a.atttypid::int8,
                   'typmod', a.atttypmod, 'filled', a.atthasmissing OR a.atthasdef OR a.attnotnull) ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
    FROM unnest($1::text[], $2::text[]) AS w(schema, name)
    LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')
    LEFT JOIN pg_catalog.pg_publication p ON p.pubname = $3::text
    LEFT JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
    LEFT JOIN pg_catalog.pg_publication_namespace s ON s.pnpubid = p.oid AND s.pnnspid = n.oid`;

/** "schema.name" → facts, of the tables that exist. Without a publication every table counts as wholly published. */
export async function readTableFacts(
  client: pg.ClientBase,
  publication: string | null,
  tables: readonly TableId[],
): Promise<Map<string, TableFacts>> {
  const values = [tables.map(({ schema }) => schema), tables.map(({ name }) => name), publication];
  const { rows } = await client.query<FactRow>(FACTS, values);
  const facts = new Map<string, TableFacts>();
  for (const { schema, name, oid, publication: entry, leaves_out: leavesOut, columns } of rows) {
    if (oid === null) continue;
    facts.set(formatTable({ schema, name }), {
      oid,
      publication: publication === null ? '' : entry,
      leavesOut,
      columns: columns ?? [],
    });
  }
  return facts;
}

/** The text types keep their values' text whichever of them a column is changed to. */
const TEXT_TYPES: ReadonlySet<number> = new Set([25, 1043, 1042, 19]);

/** Whether rows that no change was streamed for look different now: under another name, in another type, or with a new column's default. */
export function changesOldRows(before: readonly ColumnFact[], now: readonly ColumnFact[]): boolean {
  const known = new Map(before.map((column) => [column.number, column]));
  const last = Math.max(0, ...known.keys());
  return now.some((column) => {
    const old = known.get(column.number);
    // A column with an old number that was not there before was a generated one.
    if (old === undefined) return column.filled || column.number < last;
    if (old.name !== column.name) return true;
    if (old.type === column.type && old.typmod === column.typmod) return false;
    return !(TEXT_TYPES.has(old.type) && TEXT_TYPES.has(column.type) && column.type !== 1042);
  });
}
