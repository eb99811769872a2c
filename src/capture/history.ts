import { formatLsn, type Lsn, parseLsn } from '../change/lsn.ts';
import { FreshetError } from '../runtime/errors.ts';
import type { SlotStatus, SystemIdentity } from '../source/slot.ts';
import type { MergeStateJson } from './merge-state.ts';

/** The checkpoint's main entry. */
export interface CaptureEntry {
  readonly version: 1;
  readonly state: MergeStateJson;
  readonly system: SystemIdentity;
  readonly clusterId: string;
  /** False from the moment before the slot is created until it is known to exist. */
  readonly slotReady: boolean;
  /** The slot is for one refresh, and goes with it: nothing else was refreshed in this epoch. */
  readonly transient?: boolean;
  /** No slot is behind it: see `CaptureConfig.snapshotOnly`. */
  readonly snapshotOnly?: boolean;
  /** "schema.name" of the tables whose records are counted. */
  readonly tables: readonly string[];
  /** topic → partitions */
  readonly partitions: Readonly<Record<string, number>>;
}

export const CAPTURE_KEY = 'capture';

export interface ObservedHistory {
  readonly slotName: string;
  readonly database: string;
  readonly slot: SlotStatus | null;
  readonly system: SystemIdentity;
  readonly clusterId: string;
  readonly partitions: ReadonlyMap<string, number>;
  /** Topics that were published to and hold nothing, and never did: they were created again. */
  readonly emptied: readonly string[];
  /** Where the checkpoint's timeline ended, of which the present one is a branch; null: it is not, or nobody asked. */
  readonly timelineEnd: Lsn | null;
  /** What was done to the publication, or null. */
  readonly catalogGap: FreshetError | null;
  /** This capture, too, is for one refresh. */
  readonly transient?: boolean;
  /** This capture uses no slot. */
  readonly snapshotOnly?: boolean;
}

export type StartDecision =
  | { readonly kind: 'resume' }
  /** Nothing was ever published, or the first start did not get as far as a slot. */
  | { readonly kind: 'first' }
  /** Going on would leave a silent gap (invariant 5). */
  | { readonly kind: 'gap'; readonly error: FreshetError };

export function parseCaptureEntry(text: string | undefined): CaptureEntry | null {
  if (text === undefined) return null;
  const entry = JSON.parse(text) as { version: number };
  if (entry.version !== 1) {
    throw new FreshetError(
      'VERSION_NEWER',
      `the checkpoint has version ${entry.version}, this Freshet knows version 1`,
    );
  }
  return entry as CaptureEntry;
}

/** Compares what the checkpoint remembers with what is there now. */
export function judgeHistory(entry: CaptureEntry | null, now: ObservedHistory): StartDecision {
  if (entry === null) {
    if (now.slot === null || now.snapshotOnly === true) return { kind: 'first' };
    return gap(
      'HISTORY_CHANGED',
      `slot "${now.slotName}" exists, but its checkpoint does not: the topics were lost, or the slot is not ours`,
    );
  }
  if (!entry.slotReady || (entry.transient === true && now.transient !== true)) return { kind: 'first' };
  // From one mode to the other everything begins anew.
  if ((entry.snapshotOnly === true) !== (now.snapshotOnly === true)) return { kind: 'first' };
  return slotGap(entry, now) ?? historyGap(entry, now) ?? topicGap(entry, now) ?? { kind: 'resume' };
}

function slotGap(entry: CaptureEntry, now: ObservedHistory): StartDecision | null {
  const { slot, slotName } = now;
  if (now.snapshotOnly === true) return null;
  if (slot === null) return gap('SLOT_LOST', `replication slot "${slotName}" no longer exists`);
  if (slot.walStatus === 'lost') {
    return gap('SLOT_LOST', `replication slot "${slotName}" is lost: the server removed WAL that it needs`);
  }
  if (slot.plugin !== 'pgoutput' || slot.database !== now.database) {
    return gap(
      'HISTORY_CHANGED',
      `slot "${slotName}" belongs to ${slot.plugin} in database "${slot.database}"`,
    );
  }
  const passed = parseLsn(entry.state.passed);
  if (slot.confirmedLsn !== null && slot.confirmedLsn > passed) {
    const at = formatLsn(slot.confirmedLsn);
    return gap(
      'HISTORY_CHANGED',
      `slot "${slotName}" stands at ${at}, ahead of what was published (${entry.state.passed}): it was re-created or advanced`,
    );
  }
  return null;
}

function historyGap(entry: CaptureEntry, now: ObservedHistory): StartDecision | null {
  if (entry.system.systemId !== now.system.systemId) {
    return gap(
      'HISTORY_CHANGED',
      `the source is another cluster now (system identifier ${now.system.systemId}, was ${entry.system.systemId})`,
    );
  }
  if (entry.system.timeline !== now.system.timeline && !survivesFailover(entry, now)) {
    return gap(
      'HISTORY_CHANGED',
      `the source's timeline changed from ${entry.system.timeline} to ${now.system.timeline}: a failover or a restore`,
    );
  }
  if (entry.clusterId !== now.clusterId) {
    return gap('HISTORY_CHANGED', `the Kafka cluster changed from ${entry.clusterId} to ${now.clusterId}`);
  }
  if (now.catalogGap !== null) return { kind: 'gap', error: now.catalogGap };
  return null;
}

/** A failover slot was kept in step on the standby, and nothing was published that the standby did not have. */
function survivesFailover(entry: CaptureEntry, { slot, timelineEnd }: ObservedHistory): boolean {
  return slot?.failover === true && timelineEnd !== null && parseLsn(entry.state.passed) <= timelineEnd;
}

function topicGap(entry: CaptureEntry, now: ObservedHistory): StartDecision | null {
  const error = topicError(entry.partitions, now.partitions);
  if (error !== null) return { kind: 'gap', error };
  const [emptied] = now.emptied;
  if (emptied === undefined) return null;
  return { kind: 'gap', error: recreated(emptied) };
}

export function recreated(topic: string): FreshetError {
  return new FreshetError('TOPIC_CHANGED', `topic ${topic} was created again: its records are gone`);
}

/** Null where every topic is there with the partitions it had. */
export function topicError(
  before: Readonly<Record<string, number>>,
  now: ReadonlyMap<string, number>,
): FreshetError | null {
  for (const [topic, partitions] of Object.entries(before)) {
    const found = now.get(topic);
    if (found === partitions) continue;
    const what = found === undefined ? 'is gone' : `has ${found} partitions, had ${partitions}`;
    return new FreshetError('TOPIC_CHANGED', `topic ${topic} ${what}`);
  }
  return null;
}

function gap(code: 'SLOT_LOST' | 'HISTORY_CHANGED', message: string): StartDecision {
  return { kind: 'gap', error: new FreshetError(code, message) };
}
