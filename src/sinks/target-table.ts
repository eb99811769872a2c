import { FreshetError } from '../runtime/errors.ts';

/** A column of a target table, as `CREATE TABLE` takes it. */
export interface TargetColumn {
  readonly name: string;
  /** The type's SQL name: "text", "numeric(12,2)", "text[]", "timestamptz". */
  readonly type: string;
  readonly notNull?: boolean;
}

/** A table that a pipeline writes to. */
export interface TargetTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly TargetColumn[];
  /** Names of the primary key's columns; every write has a value for each. */
  readonly key: readonly string[];
  /**
   * Whether each row keeps where it came from (docs/decisions/0003-stamps.md). Rows of a table without
   * stamps are deleted by key only: a truncated source, or keys lost in a gap, leave them as they are.
   */
  readonly stamped: boolean;
}

/** "<source schema>.<source table>/<partition>" of the record that wrote the row last. */
export const FROM_COLUMN = '_freshet_from';
/** The epoch of that record's position. */
export const EPOCH_COLUMN = '_freshet_epoch';

/** A table whose columns the compiler knows; see `RowOf`. */
export interface TypedTable<
  Columns extends readonly TargetColumn[],
  Key extends readonly string[],
> extends TargetTable {
  readonly columns: Columns;
  readonly key: Key;
}

/** Fills in the defaults: schema "public", stamped. Throws CONFIG_INVALID on a key that is no column. */
export function targetTable<
  const Columns extends readonly TargetColumn[],
  const Key extends readonly Columns[number]['name'][],
>(definition: {
  readonly name: string;
  readonly schema?: string;
  readonly columns: Columns;
  readonly key: Key;
  readonly stamped?: boolean;
}): TypedTable<Columns, Key> {
  const { name, schema = 'public', columns, key, stamped = true } = definition;
  const names = new Set<string>(columns.map((column) => column.name));
  const unknown = key.filter((column) => !names.has(column));
  if (key.length === 0 || unknown.length > 0) {
    const problem = key.length === 0 ? 'has no key' : `has no column "${unknown.join('", "')}" of its key`;
    throw new FreshetError('CONFIG_INVALID', `target table "${schema}.${name}" ${problem}`);
  }
  return { name, schema, columns, key, stamped };
}

/** In the table's order. */
export function keyColumns(table: TargetTable): TargetColumn[] {
  return table.columns.filter((column) => table.key.includes(column.name));
}

export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteTable(table: TargetTable): string {
  return `${quoteIdent(table.schema)}.${quoteIdent(table.name)}`;
}
