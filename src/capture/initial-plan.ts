import { formatTable, type TableId } from '../change/table.ts';
import type { RefreshRequest } from '../snapshot/refresh-plan.ts';

export const planKey = (id: string): string => `plan/${id}`;

/** The refresh of a whole table with which an epoch begins. */
export function initialPlan(table: TableId, epoch: number): RefreshRequest {
  return {
    id: `initial-${epoch}-${formatTable(table)}`,
    table,
    where: null,
    keys: null,
    tag: null,
    sweepBefore: epoch,
  };
}
