import type { Lsn } from '../change/lsn.ts';
import { formatTable, type TableId } from '../change/table.ts';
import type { RefreshPlanState } from '../snapshot/refresh-plan.ts';
import type { SystemIdentity } from '../source/slot.ts';
import type { CheckpointImage } from '../topics/checkpoint.ts';
import { topicName } from '../topics/names.ts';
import { CAPTURE_KEY, parseCaptureEntry } from './history.ts';
import { planStates } from './initial-plan.ts';
import { stateFromJson } from './merge-state.ts';
import { OwedKeys } from './owed-keys.ts';
import { type PartitionEnds, TopicEnds } from './topic-ends.ts';
import { type Halt, TableStates } from './table-states.ts';

/** What of one table is in its topic. */
interface PublishedTable {
  readonly topic: string;
  readonly ends: PartitionEnds;
  /** Every row is in the topic as it was at `throughMs`, or at `passed`. */
  readonly isComplete: boolean;
  readonly halt: Halt | null;
  /** Commit time up to which everything is published, where it is the table's own; 0 where unknown. Unix milliseconds. */
  readonly throughMs: number;
}

/** What a checkpoint says of what is published; null where nothing was ever captured. */
export interface Published {
  readonly epoch: number;
  /** Everything that was committed below it is published; null without a stream. */
  readonly passed: Lsn | null;
  readonly isSnapshotOnly: boolean;
  /** Of which server all this is: another one's WAL addresses say nothing. */
  readonly system: SystemIdentity;
  /** "schema.name" → what is there. */
  readonly tables: ReadonlyMap<string, PublishedTable>;
  readonly plans: readonly RefreshPlanState[];
}

/** The image must hold whole transactions: an entry of `capture` comes first in each. */
export function readPublished(image: CheckpointImage, prefix: string): Published | null {
  const entry = parseCaptureEntry(image.get(CAPTURE_KEY));
  if (entry === null || !entry.slotReady) return null;
  const { epoch, passed, throughMs } = stateFromJson(entry.state);
  const ends = TopicEnds.fromCheckpoint(image).snapshot();
  const { halts } = TableStates.fromCheckpoint(image);
  const owed = OwedKeys.fromCheckpoint(image);
  const plans = planStates(image);
  const isSnapshotOnly = entry.snapshotOnly === true;
  // Of a slot for one refresh nothing else is refreshed.
  const isWhole = entry.transient !== true;
  const tables = entry.tables.map((table): [string, PublishedTable] => {
    const topic = topicName(prefix, tableNamed(table));
    const ofTable = plans.filter((plan) => formatTable(plan.request.table) === table);
    const halt = halts.get(table) ?? null;
    const read = isSnapshotOnly ? lastWholeRead(ofTable) : throughMs;
    const isComplete =
      isWhole && halt === null && !owed.owes(table) && !ofTable.some(isNeeded) && read !== null;
    return [table, { topic, ends: ends.get(topic) ?? [], isComplete, halt, throughMs: read ?? 0 }];
  });
  return {
    epoch,
    passed: isSnapshotOnly ? null : passed,
    isSnapshotOnly,
    system: entry.system,
    tables: new Map(tables),
    plans,
  };
}

/** The checkpoint has the name only as one text. */
function tableNamed(text: string): TableId {
  const [schema = '', ...name] = text.split('.');
  return { schema, name: name.join('.') };
}

/** A refresh without which rows are missing: one that the capture asked itself for, and that has not ended. */
function isNeeded({ request, finishedAt }: RefreshPlanState): boolean {
  return request.tag === null && finishedAt === null;
}

/** Without a stream the rows are as they were when the last refresh of the whole table began. Null: there was none. */
function lastWholeRead(plans: readonly RefreshPlanState[]): number | null {
  const whole = plans.filter(
    ({ request, status }) => status === 'finished' && request.where === null && request.keys === null,
  );
  return whole.length === 0 ? null : Math.max(...whole.map(({ startedAt }) => Date.parse(startedAt)));
}
