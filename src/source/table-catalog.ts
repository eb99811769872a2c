import pg from 'pg';
import {
  type Column,
  formatTable,
  type ReplicaIdentity,
  type TableId,
  type TableSchema,
} from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import type { RelationMessage } from './pgoutput.ts';
import type { TypeCatalog } from './type-catalog.ts';

/** A table as the catalog shows it now, with what reading it in chunks needs. */
export interface CatalogTable {
  readonly schema: TableSchema;
  /** One SQL expression per column: its value in the type's output form, as the stream sends it. */
  readonly expressions: readonly string[];
  /** The SQL types of the key columns, for literals. */
  readonly keyTypes: readonly string[];
  /** The planner's guess, −1 where it has none. */
  readonly estimatedRows: number;
}

interface TableRow {
  readonly oid: number;
  readonly identity: string;
  readonly kind: string;
  readonly estimate: number;
}

interface ColumnRow {
  readonly name: string;
  readonly type_oid: number;
  readonly typmod: number;
  readonly sql_type: string;
  readonly attnum: number;
}

const TABLE = `
  SELECT c.oid AS oid, c.relreplident::text AS identity, c.relkind::text AS kind, c.reltuples::float8 AS estimate
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2`;

const COLUMNS = `
  SELECT a.attname AS name, a.atttypid AS type_oid, a.atttypmod AS typmod, a.attnum,
         format_type(a.atttypid, a.atttypmod) AS sql_type
    FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
   ORDER BY a.attnum`;

/** Column numbers of the replica identity index in its order, as the stream's old keys hold them; else of the primary key. */
const KEY = `
  SELECT k.attnum
    FROM pg_catalog.pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
   WHERE i.indrelid = $1::oid AND (i.indisprimary OR i.indisreplident) AND k.n <= i.indnkeyatts
     AND i.indexrelid = (SELECT x.indexrelid FROM pg_catalog.pg_index x
                          WHERE x.indrelid = $1::oid AND (x.indisprimary OR x.indisreplident)
                          ORDER BY x.indisreplident DESC, x.indisprimary DESC LIMIT 1)
   ORDER BY k.n`;

const IDENTITIES: Readonly<Record<string, ReplicaIdentity>> = {
  d: 'default',
  n: 'nothing',
  f: 'full',
  i: 'index',
};

/** Types whose binary form is their text: COPY needs no cast for them. */
const TEXT_LIKE = new Set(['text', 'varchar', 'bpchar', 'name', 'json', 'citext']);

/** Reads a table's shape. Throws TABLE_MISSING where there is no such table, TABLE_UNSUPPORTED where it has no key. */
export async function readTable(
  client: pg.ClientBase,
  types: TypeCatalog,
  id: TableId,
): Promise<CatalogTable> {
  const table = (await client.query<TableRow>(TABLE, [id.schema, id.name])).rows[0];
  if (table === undefined || !['r', 'p'].includes(table.kind)) throw noSuchTable(id);
  if (table.identity === 'n') throw withoutIdentity(id);
  const { rows: columnRows } = await client.query<ColumnRow>(COLUMNS, [table.oid]);
  const keyNumbers = await readKey(client, table.oid);
  if (keyNumbers.length === 0) throw withoutKey(id);
  await types.load(
    client,
    columnRows.map((row) => row.type_oid),
  );
  const columns = columnRows.map((row) => toColumn(types, row.name, row.type_oid, row.typmod));
  const key = keyNumbers.map((attnum) => columnRows.findIndex((row) => row.attnum === attnum));
  return {
    schema: { id, relationOid: table.oid, columns, key, identity: IDENTITIES[table.identity] ?? 'default' },
    expressions: columnRows.map((row) => outputExpression(types, row)),
    keyTypes: key.map((index) => columnRows[index]?.sql_type ?? 'text'),
    estimatedRows: table.estimate,
  };
}

/** The shape that a Relation message announces; key order and types come from the catalog of now. */
export async function readRelation(
  client: pg.ClientBase,
  types: TypeCatalog,
  relation: RelationMessage,
): Promise<TableSchema> {
  types.forgetUserTypes();
  await types.load(
    client,
    relation.columns.map((column) => column.typeOid),
  );
  const id = { schema: relation.schema, name: relation.name };
  const columns = relation.columns.map((column) =>
    toColumn(types, column.name, column.typeOid, column.typmod),
  );
  const key = await relationKey(client, relation);
  if (key.length === 0) throw relation.identity === 'n' ? withoutIdentity(id) : withoutKey(id);
  return {
    id,
    relationOid: relation.relationOid,
    columns,
    key,
    identity: IDENTITIES[relation.identity] ?? 'default',
  };
}

async function relationKey(client: pg.ClientBase, relation: RelationMessage): Promise<number[]> {
  const flagged = relation.columns.flatMap((column, index) => (column.partOfKey ? [index] : []));
  const numbers = await readKey(client, relation.relationOid);
  const names = await client.query<{ name: string; attnum: number }>(
    `SELECT attname AS name, attnum FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum = ANY ($2::int2[])`,
    [relation.relationOid, numbers],
  );
  const ordered = numbers.map((attnum) => {
    const name = names.rows.find((row) => row.attnum === attnum)?.name;
    return relation.columns.findIndex((column) => column.name === name);
  });
  const known = ordered.length > 0 && !ordered.includes(-1);
  if (relation.identity === 'f') return known ? ordered : [];
  // The catalog may be newer than this point of the WAL: the message's own key wins where they differ.
  return known && ordered.length === flagged.length && ordered.every((i) => flagged.includes(i))
    ? ordered
    : flagged;
}

async function readKey(client: pg.ClientBase, oid: number): Promise<number[]> {
  const { rows } = await client.query<{ attnum: number }>(KEY, [oid]);
  return rows.map((row) => row.attnum);
}

function toColumn(types: TypeCatalog, name: string, typeOid: number, typmod: number): Column {
  const resolved = types.resolve(typeOid, typmod);
  return { name, typeOid: resolved.oid, typmod: resolved.typmod, type: resolved.shape };
}

/** `::text` is no substitute for the output function: it trims char(n) and spells booleans out. */
function outputExpression(types: TypeCatalog, row: ColumnRow): string {
  const column = pg.escapeIdentifier(row.name);
  const { shape, output } = types.resolve(row.type_oid, row.typmod);
  return shape.kind === 'base' && TEXT_LIKE.has(shape.name)
    ? column
    : `pg_catalog.textin(${output}(${column}))`;
}

function noSuchTable(id: TableId): FreshetError {
  return new FreshetError('TABLE_MISSING', `table ${formatTable(id)} does not exist, or is no table`, {
    cure: 'Correct the name in the list of tables, or create the table.',
  });
}

function withoutKey(id: TableId): FreshetError {
  const name = `${pg.escapeIdentifier(id.schema)}.${pg.escapeIdentifier(id.name)}`;
  return new FreshetError('TABLE_UNSUPPORTED', `table ${formatTable(id)} has no primary key`, {
    cure: `ALTER TABLE ${name} ADD PRIMARY KEY (…); or ALTER TABLE ${name} REPLICA IDENTITY USING INDEX … (unique, not null).`,
  });
}

function withoutIdentity(id: TableId): FreshetError {
  const name = `${pg.escapeIdentifier(id.schema)}.${pg.escapeIdentifier(id.name)}`;
  return new FreshetError('TABLE_UNSUPPORTED', `table ${formatTable(id)} has replica identity NOTHING`, {
    cure: `ALTER TABLE ${name} REPLICA IDENTITY DEFAULT; (with a primary key), or USING INDEX …`,
  });
}
