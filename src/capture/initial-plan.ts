import { formatTable, type TableId } from '../change/table.ts';
import { parsePlanState, type RefreshPlanState, type RefreshRequest } from '../snapshot/refresh-plan.ts';
import type { CheckpointImage } from '../topics/checkpoint.ts';

const PLANS = 'plan/';

/** Where a plan stands in the checkpoint. */
export function planKey(id: string): string {
  return `${PLANS}${id}`;
}

/** Every refresh of a checkpoint, those that have ended included. */
export function planStates(image: CheckpointImage): RefreshPlanState[] {
  return [...image].filter(([key]) => key.startsWith(PLANS)).map(([, text]) => parsePlanState(text));
}

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
