import { formatTable, type TableId } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import { RefreshPlan } from '../snapshot/refresh-plan.ts';
import type { CheckpointEntry, CheckpointImage } from '../topics/checkpoint.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import { CAPTURE_KEY, type CaptureEntry, parseCaptureEntry, topicError } from './history.ts';
import { planKey } from './initial-plan.ts';
import { Lease } from './lease.ts';
import { nextEpoch } from './merge-state.ts';
import { plansOf } from './session-start.ts';
import { TableStates } from './table-states.ts';
import { endsEntry, type PartitionEnds, TopicEnds } from './topic-ends.ts';

export interface RepartitionRequest {
  readonly table: TableId;
  readonly topic: string;
  /** Partitions that the topic has now; undefined: there is no such topic. */
  readonly found: number | undefined;
  readonly partitions: number;
}

/**
 * What the checkpoint has to say once the topic has its new partitions: the count, a new epoch of the table,
 * and a refresh of all its rows. No sweep: the stream goes on without a gap, so every delete comes as a delete,
 * and a sweep of a key's old partition could overtake the row in its new one. Throws USAGE and PREFLIGHT where
 * the topic cannot be repartitioned, or not now, and TOPIC_CHANGED.
 */
export function planRepartition(
  image: CheckpointImage,
  { table, topic, found, partitions }: RepartitionRequest,
  nowMs: number,
): CheckpointEntry[] {
  const name = formatTable(table);
  const entry = resumable(image, name);
  const known = entry.partitions[topic] ?? 0;
  const now = found ?? 0;
  const lost = now < known ? topicError({ [topic]: known }, new Map(now > 0 ? [[topic, now]] : [])) : null;
  if (lost !== null) throw lost;
  if (partitions < now)
    throw new FreshetError('USAGE', `--partitions: ${topic} has ${now}, and Kafka takes none away`, {
      cure: 'Capture the source under another prefix, with topics.partitions set.',
    });
  if (partitions === known)
    throw new FreshetError('USAGE', `--partitions: ${topic} has ${known} already`, { cure: 'Name more.' });
  const states = TableStates.fromCheckpoint(image);
  assertQuiet(image, states, name);
  const epoch = nextEpoch(states.epochOf(name, entry.state.epoch), nowMs);
  states.begin(name, epoch);
  const id = `repartitioned-${epoch}-${name}`;
  const plan = RefreshPlan.fresh(
    { id, table, where: null, keys: null, tag: null, sweepBefore: null },
    new Date(nowMs).toISOString(),
  );
  const counted: CaptureEntry = { ...entry, partitions: { ...entry.partitions, [topic]: partitions } };
  return [
    { key: CAPTURE_KEY, value: JSON.stringify(counted) },
    { key: planKey(id), value: JSON.stringify(plan.state) },
    endsEntry(topic, null),
    ...states.drain(),
  ];
}

/**
 * Fences every capture of the slot, lets `grow` give the topic its partitions, and tells the checkpoint. A
 * start in between ends with TOPIC_CHANGED, and asking again completes it. No capture of the slot may run.
 */
export async function repartition(
  config: CaptureConfig,
  dependencies: CaptureDependencies,
  request: RepartitionRequest,
  grow: (ends: PartitionEnds) => Promise<void>,
): Promise<void> {
  await using lease = await Lease.acquire(config, dependencies);
  const entries = planRepartition(lease.image, request, Date.now());
  await grow(TopicEnds.fromCheckpoint(lease.image).snapshot().get(request.topic) ?? []);
  await lease.publish([], entries);
}

/** A capture that begins anew sweeps, and would meet keys that have moved. */
function resumable(image: CheckpointImage, table: string): CaptureEntry {
  const entry = parseCaptureEntry(image.get(CAPTURE_KEY));
  if (entry === null || !entry.slotReady || entry.transient === true)
    throw new FreshetError(
      'PREFLIGHT',
      `no capture keeps the place in the source that ${table} goes on from`,
      {
        cure: 'Start freshet capture, let it refresh the table, stop it, and ask again.',
      },
    );
  if (!entry.tables.includes(table))
    throw new FreshetError('USAGE', `table ${table} is not captured`, {
      cure: `Captured: ${entry.tables.join(', ')}.`,
    });
  return entry;
}

function assertQuiet(image: CheckpointImage, states: TableStates, table: string): void {
  const halt = states.halts.get(table);
  if (halt !== undefined)
    throw new FreshetError('PREFLIGHT', `${table} is halted: ${halt.message}`, { cure: halt.cure });
  const open = plansOf(image).find(
    ({ request, isFinished }) => formatTable(request.table) === table && !isFinished,
  );
  if (open !== undefined)
    throw new FreshetError('PREFLIGHT', `refresh ${open.request.id} of ${table} has not ended`, {
      cure: 'Let freshet capture finish it (freshet refresh list shows how far it is), or cancel it.',
    });
}
