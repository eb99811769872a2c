import pg from 'pg';
import type { CatalogTable } from '../source/table-catalog.ts';
import type { KeyRange, KeyTexts } from './key-walk.ts';

/** What to read of a table: a range of its key (with a LIMIT where it is not fixed yet), or single keys. */
export type ChunkScope =
  | {
      readonly kind: 'range';
      readonly range: KeyRange;
      readonly limit: number | null;
      readonly where: string | null;
    }
  | { readonly kind: 'keys'; readonly keys: readonly KeyTexts[] };

/** COPY takes no parameters: values become literals, cast to the column's type. */
export function chunkQuery(table: CatalogTable, scope: ChunkScope): string {
  const from = tableName(table);
  const conditions =
    scope.kind === 'keys' ? [keyCondition(table, scope.keys)] : rangeConditions(table, scope);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const limit = scope.kind === 'range' && scope.limit !== null ? ` LIMIT ${Math.floor(scope.limit)}` : '';
  const order = scope.kind === 'range' ? ` ORDER BY ${keyColumns(table).join(', ')}` : '';
  return `COPY (SELECT ${table.expressions.join(', ')} FROM ${from}${where}${order}${limit}) TO STDOUT (FORMAT binary)`;
}

export function tableName({ schema: { id } }: CatalogTable): string {
  return `${pg.escapeIdentifier(id.schema)}.${pg.escapeIdentifier(id.name)}`;
}

export function rangeConditions(
  table: CatalogTable,
  scope: Pick<ChunkScope & { kind: 'range' }, 'range' | 'where'>,
): string[] {
  const columns = `(${keyColumns(table).join(', ')})`;
  const conditions: string[] = [];
  if (scope.range.after !== null) conditions.push(`${columns} > ${keyLiteral(table, scope.range.after)}`);
  if (scope.range.upTo !== null) conditions.push(`${columns} <= ${keyLiteral(table, scope.range.upTo)}`);
  if (scope.where !== null) conditions.push(`(${scope.where})`);
  return conditions;
}

function keyCondition(table: CatalogTable, keys: readonly KeyTexts[]): string {
  const columns = `(${keyColumns(table).join(', ')})`;
  return `${columns} IN (${keys.map((key) => keyLiteral(table, key)).join(', ')})`;
}

export function keyColumns(table: CatalogTable): string[] {
  return table.schema.key.map((index) => pg.escapeIdentifier(table.schema.columns[index]?.name ?? ''));
}

function keyLiteral(table: CatalogTable, key: KeyTexts): string {
  const values = key.map((text, i) => `${pg.escapeLiteral(text)}::${table.keyTypes[i] ?? 'text'}`);
  return `(${values.join(', ')})`;
}
