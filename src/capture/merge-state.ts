import { formatLsn, type Lsn, parseLsn } from '../change/lsn.ts';

/** Everything about the published order that a restart must know. See docs/architecture.md, "Positions". */
export interface MergeState {
  readonly epoch: number;
  /** Position of the last published record, within the epoch. */
  readonly lastLsn: Lsn;
  readonly lastSeq: number;
  /** Highest end of a wholly published transaction, or address of a keepalive in the published order. */
  readonly passed: Lsn;
  /** The last published change is not the last of its transaction. */
  readonly midTransaction: boolean;
  /** Count of snapshot rows, over all chunks and restarts. */
  readonly snapshotSeq: number;
  /** Commit time up to which everything is published, Unix milliseconds; 0 where unknown. */
  readonly throughMs: number;
}

export type MergeStateJson = Readonly<{
  epoch: number;
  lastLsn: string;
  lastSeq: number;
  passed: string;
  midTransaction: boolean;
  snapshotSeq: number;
  throughMs: number;
}>;

/** A new epoch grows over every older one, even where nothing of the older one is left to ask. */
export function nextEpoch(last: number | null, nowMs: number): number {
  return Math.max(last === null ? 0 : last + 1, Math.floor(nowMs / 1000));
}

export function freshState(epoch: number, passed: Lsn): MergeState {
  return {
    epoch,
    lastLsn: 0n as Lsn,
    lastSeq: -1,
    passed,
    midTransaction: false,
    snapshotSeq: 0,
    throughMs: 0,
  };
}

export function stateToJson(state: MergeState): MergeStateJson {
  return { ...state, lastLsn: formatLsn(state.lastLsn), passed: formatLsn(state.passed) };
}

export function stateFromJson(json: MergeStateJson): MergeState {
  return { ...json, lastLsn: parseLsn(json.lastLsn), passed: parseLsn(json.passed) };
}
