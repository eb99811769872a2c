import {
  EPOCH_COLUMN,
  FROM_COLUMN,
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
 * alone would lock it, and so write it. A row whose stamp grew differs.
 */
export function upsertStatement(table: TargetTable, source: RowSource): string {
  const written = writtenColumns(table);
  const keys = keyColumns(table);
  const others = written.filter((column) => !keys.includes(column));
  const join = keys.map((key) => `t.${quoteIdent(key.name)} = n.${quoteIdent(key.name)}`).join(' AND ');
  const insert = [
    `INSERT INTO ${quoteTable(table)} AS t (${names(written)})`,
    `SELECT ${written.map((column) => `n.${quoteIdent(column.name)}`).join(', ')}`,
    `FROM (${newRows(table, table.columns, source)}) AS n`,
    `LEFT JOIN ${quoteTable(table)} AS t ON ${join}`,
    `WHERE ${differs(keys.slice(0, 1), others, 'n')}`,
    `ON CONFLICT (${names(keys)})`,
  ];
  if (others.length === 0) return [...insert, 'DO NOTHING'].join('\n');
  const assignments = others.map(
    (column) => `${quoteIdent(column.name)} = EXCLUDED.${quoteIdent(column.name)}`,
  );
  return [...insert, `DO UPDATE SET ${assignments.join(', ')}`].join('\n');
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
  const on = keys.map((key, i) => `t.${quoteIdent(key.name)} = k.c${i}::${key.type}`);
  return `DELETE FROM ${quoteTable(table)} AS t USING ${unnest(keys.length, 'k')} WHERE ${on.join(' AND ')}`;
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
  const on = keys.map((key, i) => `t.${quoteIdent(key.name)} = k.c${i}::${key.type}`);
  if (table.stamped) on.push(`t.${quoteIdent(EPOCH_COLUMN)} >= k.c${keys.length}::int8`);
  const source = unnest(keys.length + (table.stamped ? 1 : 0), 'k', true);
  return `SELECT k.ordinality::int4, ${columns.join(', ')} FROM ${source} JOIN ${quoteTable(table)} AS t ON ${on.join(' AND ')}`;
}

export function keyColumns(table: TargetTable): TargetColumn[] {
  return table.columns.filter((column) => table.key.includes(column.name));
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

/** Whether the row is new (its key is not there) or one of the columns differs. */
function differs(key: readonly TargetColumn[], columns: readonly TargetColumn[], other: string): string {
  const missing = key.map((column) => `t.${quoteIdent(column.name)} IS NULL`);
  return [...missing, ...columns.map((column) => differsIn(column, other))].join(' OR ');
}

/** json has no equality; its text has. */
function differsIn({ name, type }: TargetColumn, other: string): string {
  const cast = type === 'json' ? '::text' : '';
  return `t.${quoteIdent(name)}${cast} IS DISTINCT FROM ${other}.${quoteIdent(name)}${cast}`;
}
