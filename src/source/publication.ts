import pg from 'pg';
import { formatTable, type TableId } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage, sqlState } from '../runtime/postgres.ts';

/**
 * Makes the publication hold the listed tables: creates it, or adds and drops tables. Where the role
 * may not, a publication that an administrator made is taken as it is, if it holds every table.
 */
export async function ensurePublication(
  client: pg.ClientBase,
  publication: string,
  tables: readonly TableId[],
): Promise<void> {
  const existing = await readPublication(client, publication);
  const wanted = tables.map((table) => formatTable(table));
  try {
    if (existing === null) {
      await client.query(
        `CREATE PUBLICATION ${pg.escapeIdentifier(publication)} FOR TABLE ${tables.map(quoteTable).join(', ')} ` +
          'WITH (publish_via_partition_root = true)',
      );
      return;
    }
    if (sameSet(existing, wanted)) return;
    await client.query(
      `ALTER PUBLICATION ${pg.escapeIdentifier(publication)} SET TABLE ${tables.map(quoteTable).join(', ')}`,
    );
  } catch (error) {
    const missing = wanted.filter((table) => existing?.includes(table) !== true);
    if (existing !== null && missing.length === 0) return;
    throw publicationError(publication, missing, error);
  }
}

/** Adds the table, or takes it out, if that is still to be done; the entries of the others stay as they are. */
export async function alterPublication(
  client: pg.ClientBase,
  publication: string,
  action: 'ADD' | 'DROP',
  table: TableId,
): Promise<void> {
  const existing = (await readPublication(client, publication)) ?? [];
  if (existing.includes(formatTable(table)) === (action === 'ADD')) return;
  try {
    await client.query(
      `ALTER PUBLICATION ${pg.escapeIdentifier(publication)} ${action} TABLE ${quoteTable(table)}`,
    );
  } catch (error) {
    throw publicationError(publication, [formatTable(table)], error);
  }
}

/** "schema.name" of the tables that the publication publishes; null where there is none of that name. */
export async function readPublication(client: pg.ClientBase, publication: string): Promise<string[] | null> {
  const { rows } = await client.query<{ tables: string[] | null }>(
    `SELECT (SELECT array_agg(schemaname || '.' || tablename ORDER BY 1)
               FROM pg_catalog.pg_publication_tables t WHERE t.pubname = p.pubname) AS tables
       FROM pg_catalog.pg_publication p WHERE p.pubname = $1`,
    [publication],
  );
  return rows[0] === undefined ? null : (rows[0].tables ?? []);
}

export function quoteTable(table: TableId): string {
  return `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each));
}

function publicationError(publication: string, missing: readonly string[], error: unknown): FreshetError {
  const state = sqlState(error);
  if (state === '42P01' || state === '3F000') {
    return new FreshetError('PREFLIGHT', `cannot publish ${missing.join(', ')}: ${errorMessage(error)}`, {
      cause: error,
      cure: 'Correct the name in the list of tables, or create the table.',
    });
  }
  return new FreshetError(
    'PREFLIGHT',
    `cannot create or change publication "${publication}": ${errorMessage(error)}`,
    {
      cause: error,
      cure: 'Let an administrator run what freshet init --print-sql prints, or make the role owner of the tables.',
    },
  );
}
