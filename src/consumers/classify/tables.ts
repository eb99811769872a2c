import type { ClientBase } from 'pg';
import { FreshetError } from '../../runtime/errors.ts';
import { sqlState } from '../../runtime/postgres.ts';
import { lockedTransaction } from '../../sinks/locked-transaction.ts';
import { quoteIdent } from '../../sinks/target-table.ts';

/** "schema.table" each. */
export interface ClassifyTables {
  readonly urls: string;
  readonly accounts: string;
  readonly patterns: string;
}

/** Columns that must be there: without them there is nothing to classify. */
const NEEDED = ['id', 'account_id', 'url', 'title'] as const;
/** Columns that hold the result; added where they are missing. */
const RESULT = {
  page_type: 'text',
  page_type_source: 'text',
  page_type_version: 'text',
  page_type_confidence: 'real',
  page_type_rule: 'text',
  page_type_inputs: 'text',
} as const;

/** Column → SQL type, such as "bigint" or "character varying(40)"; those of the result may be missing. */
export type UrlTypes = Readonly<
  Record<(typeof NEEDED)[number], string> & Partial<Record<keyof typeof RESULT, string>>
>;

/** Any number, the same in every process: two that start at once do this one after the other. */
const ADVISORY_LOCK = 7_236_450_119;

/** Freshet's own: each pattern as it was applied last, so that a changed one tells which URLs the old one meant. */
const APPLIED_PATTERNS = `CREATE TABLE IF NOT EXISTS freshet.classify_patterns (
  id text PRIMARY KEY,
  account_id text,
  pattern text,
  page_type text,
  ordinal double precision NOT NULL,
  origin text NOT NULL
)`;

/**
 * Brings the tables into the shape that the pipeline needs: adds the result's columns to `urls` and makes
 * the table of patterns, where they are missing. Throws PREFLIGHT with the SQL to run where it may not.
 */
export async function prepareTables(client: ClientBase, tables: ClassifyTables): Promise<void> {
  await lockedTransaction(client, ADVISORY_LOCK, () => bringIntoShape(client, tables));
}

async function bringIntoShape(client: ClientBase, tables: ClassifyTables): Promise<void> {
  const found = await columnsOf(client, tables.urls);
  assertNeeded(tables.urls, found);
  const missing = Object.entries(RESULT).filter(([name]) => !found.has(name));
  const changes = [
    ...(missing.length === 0 ? [] : [addColumns(tables.urls, missing)]),
    ...((await tableExists(client, tables.patterns))
      ? []
      : [createPatterns(tables.patterns, found.get('account_id') ?? 'bigint')]),
  ];
  for (const sql of changes) await changed(client, sql, changes);
  await client.query(APPLIED_PATTERNS);
}

/** The types of the columns that the pipeline reads and writes. Throws PREFLIGHT where there is nothing to classify. */
export async function urlTypes(client: ClientBase, { urls }: ClassifyTables): Promise<UrlTypes> {
  const found = await columnsOf(client, urls);
  assertNeeded(urls, found);
  return Object.fromEntries(found) as UrlTypes;
}

/** Throws PREFLIGHT where a column of the result is missing. */
export function assertResult({ urls }: ClassifyTables, types: UrlTypes): void {
  const missing = Object.entries(RESULT).filter(([name]) => !(name in types));
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name).join(', ');
  throw new FreshetError('PREFLIGHT', `table ${urls} has no column ${names}`, {
    cure: `Run freshet migrate, or as the table's owner: ${addColumns(urls, missing)};`,
  });
}

export async function tableExists(client: ClientBase, table: string): Promise<boolean> {
  return (await columnsOf(client, table)).size > 0;
}

/** "schema.table", quoted. */
export function quoteName(table: string): string {
  return table.split('.').map(quoteIdent).join('.');
}

/** Empty where there is no such table. */
async function columnsOf(client: ClientBase, table: string): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type FROM pg_catalog.pg_attribute
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [quoteName(table)],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}

function assertNeeded(urls: string, found: ReadonlyMap<string, string>): void {
  if (found.size === 0) {
    throw new FreshetError('PREFLIGHT', `table ${urls}, whose URLs are to be classified, does not exist`, {
      cure: 'Correct classify.urls, or create the table (docs/classify.md says which columns it needs).',
    });
  }
  const missing = NEEDED.filter((name) => !found.has(name));
  if (missing.length === 0) return;
  throw new FreshetError('PREFLIGHT', `table ${urls} has no column ${missing.join(', ')}`, {
    cure: `The pipeline needs ${NEEDED.join(', ')}: add what is missing, or let classify.urls name another table or a partitioned parent.`,
  });
}

function addColumns(urls: string, columns: readonly (readonly [string, string])[]): string {
  const added = columns.map(([name, type]) => `ADD COLUMN IF NOT EXISTS ${name} ${type}`);
  return `ALTER TABLE ${quoteName(urls)} ${added.join(', ')}`;
}

function createPatterns(patterns: string, accountType: string): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteName(patterns)} (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    account_id ${accountType} NOT NULL,
    pattern text NOT NULL,
    page_type text NOT NULL,
    ordinal int NOT NULL DEFAULT 0
  )`;
}

async function changed(client: ClientBase, sql: string, all: readonly string[]): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    // 42501: not the owner, or no CREATE on the schema. 25006: a read-only session.
    if (!['42501', '25006'].includes(sqlState(error) ?? '')) throw error;
    throw new FreshetError('PREFLIGHT', 'the pipeline classify may not bring its tables into shape', {
      cause: error,
      cure: `Let the owner run: ${all.join('; ')};`,
    });
  }
}
