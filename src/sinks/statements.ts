import { hashedAs } from './row-hashes.ts';
import {
  EPOCH_COLUMN,
  FROM_COLUMN,
  keyColumns,
  type TargetColumn,
  type TargetTable,
  quoteIdent,
  quoteTable,
} from './target-table.ts';

/*
 * Parameters of the statements below: one text array per column, in the order of `columns`; of stamped
 * tables then the rows' epochs (text array) and, as one text, where they come from.
 */

/** How an upsert gets its rows: a text array per column, or one array of rows, of the type `rowType` names. */
export type RowSource = 'columns' | 'rows';

/** Texts of one row in a parameter. An array of them is read once, where as many arrays as columns are each read for themselves. */
export function rowType(table: TargetTable): string {
  return `freshet.texts_${valueCount(table)}`;
}

/** For a target that lacks the type. */
export function rowTypeStatement(table: TargetTable): string {
  const fields = Array.from({ length: valueCount(table) }, (_, i) => `c${i} text`);
  return `CREATE TYPE ${rowType(table)} AS (${fields.join(', ')})`;
}

/** Of a row in the parameters: its columns, and the epoch of a stamped one. */
function valueCount(table: TargetTable): number {
  return table.columns.length + (table.stamped ? 1 : 0);
}

/**
 * Writes only rows that are new or differ: an unchanged one costs an index look-up, where ON CONFLICT
 * alone would lock it, and so write it. A row whose stamp grew differs. An array of rows is followed by the
 * keys as a text array, where they are one column.
 */
export function upsertStatement(table: TargetTable, source: RowSource): string {
  const written = writtenColumns(table);
  const keys = keyColumns(table);
  const others = written.filter((column) => !keys.includes(column));
  const insert = [
    `INSERT INTO ${quoteTable(table)} AS t (${names(written)})`,
    `SELECT ${written.map((column) => `n.${quoteIdent(column.name)}`).join(', ')}`,
    `FROM (${newRows(table, table.columns, source)}) AS n`,
    joinStored(table, source === 'rows' ? (table.stamped ? 3 : 2) : null, (_, name) => `n.${name}`),
    `WHERE ${differs(
      keys,
      others.map((column) => differsIn(column, 'n')),
    )}`,
    `ON CONFLICT (${names(keys)})`,
  ];
  if (others.length === 0) return [...insert, 'DO NOTHING'].join('\n');
  const assignments = others.map(
    (column) => `${quoteIdent(column.name)} = EXCLUDED.${quoteIdent(column.name)}`,
  );
  return [...insert, `DO UPDATE SET ${assignments.join(', ')}`].join('\n');
}

/**
 * The positions, from 1, of the rows that are new or differ, by the hashes that `RowHashes` makes. Parameters: the
 * key's columns, a text array each; the hashes as int8[]; their seed.
 */
export function differingStatement(table: TargetTable): string {
  const keys = keyColumns(table);
  const arrays = keys.map((_, i) => `$${i + 1}::text[]`);
  const columns = keys.map((_, i) => `c${i}`);
  return [
    'SELECT n.ordinal::int4 AS ordinal',
    `FROM unnest(${[...arrays, `$${keys.length + 1}::int8[]`].join(', ')})`,
    `WITH ORDINALITY AS n(${[...columns, 'hash', 'ordinal'].join(', ')})`,
    joinStored(table, 1, ({ type }, _, i) => `n.c${i}::${type}`),
    `WHERE ${differs(keys, [`${storedHash(table, keys.length + 2)} <> n.hash`])}`,
  ].join('\n');
}

/**
 * The hashes of the rows of some keys as one (`RowHashes.ofAll`). Parameters: the key's columns, a text array each; the
 * seed.
 */
export function togetherStatement(table: TargetTable): string {
  const keys = keyColumns(table);
  const hash = storedHash(table, keys.length + 1);
  const [key] = keys;
  const rows =
    key !== undefined && keys.length === 1
      ? storedRows(table, key, 1)
      : `${unnest(keys.length, 'k')} JOIN ${quoteTable(table)}`;
  const on = keys.length === 1 ? '' : ` ON ${sameKeys(table).join(' AND ')}`;
  return `SELECT bit_xor(${hash}) AS hash FROM ${rows} AS t${on}`;
}

/** The hash of a stored row; the first of its seeds is a parameter. */
function storedHash(table: TargetTable, seedAt: number): string {
  let seed = `$${seedAt}::int8`;
  for (const { name } of keyColumns(table)) seed = `hashtextextended(t.${quoteIdent(name)}::text, ${seed})`;
  return `hash_record_extended(${hashedRow(table)}, ${seed})`;
}

/** What of a stored row is hashed: its values as texts but for those of which a text can have several forms. */
function hashedRow(table: TargetTable): string {
  const values = writtenColumns(table).flatMap(({ name, type }) => {
    const column = `t.${quoteIdent(name)}`;
    switch (hashedAs(type)) {
      case 'text':
        return [`${column}::text`];
      case 'instant':
        return [column];
      case 'texts':
        // The hash of an array is that of its elements, whatever its bounds.
        return [`${column}::text[]`, `array_dims(${column})`];
    }
  });
  return `ROW(${values.join(', ')})`;
}

/**
 * Joins `n` to the table's rows. With `keysAt`, the number of the parameter that has the keys where they are one
 * column, all of them are looked up at once: PostgreSQL (17 and newer) goes from leaf to leaf of the index where it
 * would begin at its root for each. The join is then made in memory, which is what FULL asks for: the planner takes
 * an array of unknown length for one of ten, and would compare each with each. No row of the table is there whose
 * key is not one of `n`.
 */
function joinStored(
  table: TargetTable,
  keysAt: number | null,
  other: (key: TargetColumn, name: string, index: number) => string,
): string {
  const keys = keyColumns(table);
  const on = keys.map((key, i) => {
    const name = quoteIdent(key.name);
    return `t.${name} = ${other(key, name, i)}`;
  });
  const [key] = keys;
  if (keysAt === null || key === undefined || keys.length > 1)
    return `LEFT JOIN ${quoteTable(table)} AS t ON ${on.join(' AND ')}`;
  return `FULL JOIN ${storedRows(table, key, keysAt)} AS t ON ${on.join(' AND ')}`;
}

/** The table's rows of the keys in a parameter. */
function storedRows(table: TargetTable, { name, type }: TargetColumn, keysAt: number): string {
  return `(SELECT * FROM ${quoteTable(table)} WHERE ${quoteIdent(name)} = ANY ($${keysAt}::text[]::${type}[]))`;
}

/** Parameters: the key's columns, then those of `changed`, which are no part of the key. */
export function patchStatement(table: TargetTable, changed: readonly TargetColumn[]): string {
  const keys = keyColumns(table);
  const set = [...changed, ...stampColumns(table)];
  const where = keys.map((key) => `t.${quoteIdent(key.name)} = n.${quoteIdent(key.name)}`);
  const epoch = quoteIdent(EPOCH_COLUMN);
  if (table.stamped) where.push(`t.${epoch} >= n.${epoch}`);
  where.push(`(${changed.map((column) => differsIn(column, 'n')).join(' OR ')})`);
  return [
    `UPDATE ${quoteTable(table)} AS t`,
    `SET ${set.map((column) => `${quoteIdent(column.name)} = n.${quoteIdent(column.name)}`).join(', ')}`,
    `FROM (${newRows(table, [...keys, ...changed], 'columns')}) AS n`,
    `WHERE ${where.join(' AND ')}`,
  ].join('\n');
}

/** Parameters: one text array per column of the key. */
export function deleteStatement(table: TargetTable): string {
  const keys = keyColumns(table);
  const on = sameKeys(table).join(' AND ');
  return `DELETE FROM ${quoteTable(table)} AS t USING ${unnest(keys.length, 'k')} WHERE ${on}`;
}

/** Deletes what came from $1; with `older`, only what was last seen before the epoch $2. */
export function clearStatement(table: TargetTable, older: boolean): string {
  const from = `DELETE FROM ${quoteTable(table)} WHERE ${quoteIdent(FROM_COLUMN)} = $1`;
  return older ? `${from} AND ${quoteIdent(EPOCH_COLUMN)} < $2` : from;
}

/**
 * The rows of some keys, every column as text (an array as JSON), after the position of their key in the
 * parameters, from 1. Of stamped tables only those that were last written in $n's epoch or later.
 */
export function lookupStatement(table: TargetTable): string {
  const keys = keyColumns(table);
  const columns = table.columns.map(({ name, type }) => {
    const column = `t.${quoteIdent(name)}`;
    return type.endsWith('[]') ? `to_json(${column})::text` : `${column}::text`;
  });
  const on = sameKeys(table);
  if (table.stamped) on.push(`t.${quoteIdent(EPOCH_COLUMN)} >= k.c${keys.length}::int8`);
  const source = unnest(keys.length + (table.stamped ? 1 : 0), 'k', true);
  return `SELECT k.ordinality::int4, ${columns.join(', ')} FROM ${source} JOIN ${quoteTable(table)} AS t ON ${on.join(' AND ')}`;
}

/** That a row of the table has the key of `k`, whose columns are parameters. */
function sameKeys(table: TargetTable): string[] {
  return keyColumns(table).map(({ name, type }, i) => `t.${quoteIdent(name)} = k.c${i}::${type}`);
}

function stampColumns(table: TargetTable): TargetColumn[] {
  return table.stamped
    ? [
        { name: EPOCH_COLUMN, type: 'int8' },
        { name: FROM_COLUMN, type: 'text' },
      ]
    : [];
}

function writtenColumns(table: TargetTable): TargetColumn[] {
  return [...table.columns, ...stampColumns(table)];
}

function names(columns: readonly TargetColumn[]): string {
  return columns.map((column) => quoteIdent(column.name)).join(', ');
}

/** A subquery of the parameters' rows, cast to the columns' types. */
function newRows(table: TargetTable, columns: readonly TargetColumn[], source: RowSource): string {
  const values = columns.length + (table.stamped ? 1 : 0);
  const arrays = source === 'columns' ? values : 1;
  const selected = columns.map(({ name, type }, i) => `p.c${i}::${type} AS ${quoteIdent(name)}`);
  if (table.stamped) {
    selected.push(`p.c${columns.length}::int8 AS ${quoteIdent(EPOCH_COLUMN)}`);
    selected.push(`$${arrays + 1}::text AS ${quoteIdent(FROM_COLUMN)}`);
  }
  const rows = source === 'columns' ? unnest(values, 'p') : `unnest($1::${rowType(table)}[]) AS p`;
  return `SELECT ${selected.join(', ')} FROM ${rows}`;
}

function unnest(arrays: number, alias: string, ordinality = false): string {
  const parameters = Array.from({ length: arrays }, (_, i) => `$${i + 1}::text[]`).join(', ');
  const columns = Array.from({ length: arrays }, (_, i) => `c${i}`);
  if (!ordinality) return `unnest(${parameters}) AS ${alias}(${columns.join(', ')})`;
  return `unnest(${parameters}) WITH ORDINALITY AS ${alias}(${columns.join(', ')}, ordinality)`;
}

/**
 * Whether the row is new (its key is not there) or one of the conditions holds. The first part is also what keeps a FULL
 * JOIN one: it may hold of a row that only the table has.
 */
function differs([key]: readonly TargetColumn[], conditions: readonly string[]): string {
  return [`t.${quoteIdent(key?.name ?? '')} IS NULL`, ...conditions].join(' OR ');
}

/** json has no equality; its text has. */
function differsIn({ name, type }: TargetColumn, other: string): string {
  const cast = type === 'json' ? '::text' : '';
  return `t.${quoteIdent(name)}${cast} IS DISTINCT FROM ${other}.${quoteIdent(name)}${cast}`;
}
