import type { RefreshPlanState } from '../snapshot/refresh-plan.ts';
import type { SlotStatus } from '../source/slot.ts';
import type { MergeState } from './merge-state.ts';
import type { RejectedRecord } from './record-writer.ts';
import type { Halt } from './table-states.ts';
import type { PartitionEnds } from './topic-ends.ts';

/** One Kafka transaction, committed. */
interface Commit {
  readonly state: MergeState;
  /** topic → the last position in each partition */
  readonly ends: ReadonlyMap<string, PartitionEnds>;
  readonly records: number;
  readonly bytes: number;
  readonly durationMs: number;
}

/** What a capture tells about itself; metrics and the terminal listen. Called often: it must return at once. */
export interface CaptureObserver {
  /** Changes that Kafka has committed. */
  published(table: string, op: string, rows: number): void;
  chunkRead(table: string, rows: number, bytes: number): void;
  /** A snapshot still did not see transactions that are published already; the chunk is read again. */
  chunkStale(table: string, xids: readonly number[], attempt: number): void;
  committed(commit: Commit): void;
  /** A refresh got further; committed. Every refresh is told once before `connected`. */
  progress(plan: RefreshPlanState): void;
  rejected(record: RejectedRecord): void;
  /** Nothing of the table is published from now on; told again when a capture starts. */
  halted(table: string, halt: Halt): void;
  /** The table goes on, with a refresh of all of it. */
  revived(table: string): void;
  connected(slot: string, epoch: number): void;
  /** Every second or so. */
  slot(status: SlotStatus): void;
  /** Refreshes wait from now on, or go on: the slot keeps too much WAL, or no longer. */
  walBudget(isTight: boolean, status: SlotStatus): void;
  log(level: 'info' | 'warn' | 'error', message: string): void;
}
