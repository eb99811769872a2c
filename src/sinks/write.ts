import type { Row } from '../change/change.ts';
import type { KeyOf, PatchOf, RowOf } from './target-row.ts';
import type { TargetTable } from './target-table.ts';

/** What a pipeline wants of a target table. Columns that an upsert's row leaves out become NULL. */
export type Write =
  | { readonly kind: 'upsert'; readonly table: TargetTable; readonly row: Row }
  /**
   * The key and the columns that change. Applied only where the row exists and was last written in the
   * same epoch or a later one; otherwise it is left out, and a refresh brings the whole row.
   */
  | { readonly kind: 'patch'; readonly table: TargetTable; readonly row: Row }
  | { readonly kind: 'delete'; readonly table: TargetTable; readonly key: Row };

/** Writes together with the epoch of the changes that they come from. */
export interface EpochWrites {
  readonly writes: readonly Write[];
  readonly epoch: number;
}

/** A whole row, each column named: one that has no value is null. */
export function upsertRow<T extends TargetTable>(table: T, row: RowOf<T>): Write {
  return { kind: 'upsert', table, row };
}

/** The key and the columns that change; see `Write` for where it applies. */
export function patchRow<T extends TargetTable>(table: T, row: PatchOf<T>): Write {
  return { kind: 'patch', table, row };
}

export function deleteRow<T extends TargetTable>(table: T, key: KeyOf<T>): Write {
  return { kind: 'delete', table, key };
}
