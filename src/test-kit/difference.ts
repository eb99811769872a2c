import { AssertionError } from 'node:assert';
import type { Row } from '../change/change.ts';
import { formatTable } from '../change/table.ts';
import { valueText } from '../sinks/array-parameter.ts';
import type { TargetTable } from '../sinks/target-table.ts';
import { keyOf } from './memory-target.ts';

/** A write, or a row that a table holds. */
export interface Told {
  readonly kind: 'upsert' | 'patch' | 'delete' | 'row';
  readonly table: TargetTable;
  readonly row: Row;
}

/** Throws an AssertionError that names each difference by table, key and column; the order does not count. */
export function assertSame(what: string, actual: readonly Told[], expected: readonly Told[]): void {
  const have = byKey(actual);
  const want = byKey(expected);
  const lines: string[] = [];
  for (const [key, told] of want) {
    const found = have.get(key);
    if (found === undefined) lines.push(`missing     ${describe(told)}`);
    else lines.push(...differences(found, told));
  }
  for (const [key, told] of have) if (!want.has(key)) lines.push(`unexpected  ${describe(told)}`);
  if (lines.length === 0) return;
  throw new AssertionError({
    message: `${what}:\n  ${lines.join('\n  ')}`,
    actual: actual.map(describe).toSorted(),
    expected: expected.map(describe).toSorted(),
    operator: 'deepStrictEqual',
  });
}

function byKey(all: readonly Told[]): Map<string, Told> {
  return new Map(all.map((told) => [placeOf(told), told]));
}

function differences(found: Told, told: Told): string[] {
  if (found.kind !== told.kind) return [`different   ${describe(found)}, expected ${describe(told)}`];
  const columns = new Set([...Object.keys(told.row), ...Object.keys(found.row)]);
  return [...columns]
    .filter((column) => isDifferent(found, told, column))
    .map(
      (column) =>
        `different   ${told.kind} ${placeOf(told)}: ${column} is ${shown(found.row, column)}, expected ${shown(told.row, column)}`,
    );
}

/** Whether PostgreSQL would store another value. In a patch a column that is left out is not NULL, but stays. */
function isDifferent({ row, kind }: Told, told: Told, column: string): boolean {
  if (kind === 'patch' && column in row !== column in told.row) return true;
  return valueText(row[column]) !== valueText(told.row[column]);
}

function placeOf({ table, row }: Told): string {
  return `${formatTable(table)} ${keyOf(table, row)}`;
}

function shown(row: Row, column: string): string {
  return column in row ? json(row[column]) : 'not there';
}

function describe({ kind, table, row }: Told): string {
  return `${kind} ${formatTable(table)} ${json(row)}`;
}

function json(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
}
