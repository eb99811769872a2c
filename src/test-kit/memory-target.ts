import type { Row } from '../change/change.ts';
import { valueText } from '../sinks/array-parameter.ts';
import type { TargetTable } from '../sinks/target-table.ts';
import type { TableWrites } from '../sinks/write-set.ts';

interface StoredRow {
  readonly row: Row;
  readonly epoch: number;
}

/** Target tables in memory, with what the PostgreSQL writer does to them. */
export class MemoryTarget {
  readonly #tables = new Map<TargetTable, Map<string, StoredRow>>();

  put(table: TargetTable, row: Row, epoch: number): void {
    this.#of(table).set(keyOf(table, row), { row, epoch });
  }

  write({ table, upserts, patches, deletes }: TableWrites): void {
    const rows = this.#of(table);
    for (const { row, epoch } of upserts) rows.set(keyOf(table, row), { row, epoch });
    for (const { row, epoch } of patches) {
      const stored = rows.get(keyOf(table, row));
      if (stored !== undefined && stored.epoch >= epoch)
        rows.set(keyOf(table, row), { row: { ...stored.row, ...row }, epoch });
    }
    for (const { row } of deletes) rows.delete(keyOf(table, row));
  }

  /** TRUNCATE; with an epoch, a sweep: only what was last seen before it. */
  clear(tables: readonly TargetTable[], before: number | null): void {
    for (const table of tables.filter(({ stamped }) => stamped)) {
      for (const [key, { epoch }] of this.#of(table))
        if (before === null || epoch < before) this.#of(table).delete(key);
    }
  }

  /** As a look-up of the runtime gives it: values as texts, arrays as arrays. */
  stored(table: TargetTable, key: Row, epoch: number): Row | null {
    const found = this.#of(table).get(keyOf(table, key));
    if (found === undefined || (table.stamped && found.epoch < epoch)) return null;
    return Object.fromEntries(
      table.columns.map(({ name }) => {
        const value = found.row[name] ?? null;
        return [name, Array.isArray(value) ? value : valueText(value)];
      }),
    );
  }

  rows(table: TargetTable): Row[] {
    return [...this.#of(table).values()].map(({ row }) => row);
  }

  #of(table: TargetTable): Map<string, StoredRow> {
    let rows = this.#tables.get(table);
    if (rows === undefined) this.#tables.set(table, (rows = new Map<string, StoredRow>()));
    return rows;
  }
}

export function keyOf(table: TargetTable, row: Row): string {
  return table.key.map((column) => valueText(row[column]) ?? 'NULL').join(', ');
}
