import type pg from 'pg';
import { formatTable } from '../change/table.ts';
import type { Lsn } from '../change/lsn.ts';
import type { FreshetError } from '../runtime/errors.ts';
import { connectReplication } from '../runtime/postgres.ts';
import {
  identifySystem,
  readSlot,
  readTimelineEnd,
  type SlotStatus,
  type SystemIdentity,
} from '../source/slot.ts';
import type { TableFacts } from '../source/table-facts.ts';
import { topicName } from '../topics/names.ts';
import { clusterId, partitionCounts, writtenOffsets, withAdmin } from '../topics/topic-admin.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import type { CaptureEntry, ObservedHistory } from './history.ts';
import type { Lease } from './lease.ts';
import { judgeTable } from './table-watch.ts';
import { TableStates } from './table-states.ts';
import { TopicEnds } from './topic-ends.ts';

interface Observed {
  readonly control: pg.Client;
  readonly config: CaptureConfig;
  readonly dependencies: CaptureDependencies;
  readonly lease: Lease;
  readonly entry: CaptureEntry | null;
  readonly facts: ReadonlyMap<string, TableFacts>;
}

/** Looks at everything that a gap could come from; changes nothing. */
export async function observeHistory(of: Observed): Promise<ObservedHistory> {
  const { control, config, entry } = of;
  const [{ system, slot }, topics] = await Promise.all([observeServer(control, config), observeTopics(of)]);
  const wasOnTimeline = entry?.system.timeline ?? system.timeline;
  const failedOver = slot?.failover === true && wasOnTimeline !== system.timeline;
  return {
    slotName: config.slot,
    database: config.database,
    slot,
    system,
    ...topics,
    timelineEnd: failedOver ? await timelineEnd(config, system, wasOnTimeline) : null,
    catalogGap: catalogGap(of),
    transient: config.transient === true,
    snapshotOnly: config.snapshotOnly === true,
  };
}

async function observeServer(
  control: pg.Client,
  { slot }: CaptureConfig,
): Promise<{ system: SystemIdentity; slot: SlotStatus | null }> {
  return { system: await identifySystem(control), slot: await readSlot(control, slot) };
}

async function observeTopics({
  config,
  dependencies,
  lease,
}: Observed): Promise<Pick<ObservedHistory, 'clusterId' | 'emptied' | 'partitions'>> {
  return withAdmin(dependencies.kafka, async (admin) => {
    const partitions = await partitionCounts(admin, changeTopics(config));
    const published = [...TopicEnds.fromCheckpoint(lease.image).snapshot().keys()];
    const asked = published.filter((topic) => partitions.has(topic));
    const written = await writtenOffsets(admin, asked);
    const emptied = asked.filter((topic) => written.get(topic) === 0n);
    return { clusterId: await clusterId(admin), emptied, partitions };
  });
}

export function changeTopics({ prefix, tables }: Pick<CaptureConfig, 'prefix' | 'tables'>): string[] {
  return tables.map((id) => topicName(prefix, id));
}

async function timelineEnd(
  { connection, slot }: CaptureConfig,
  { timeline }: SystemIdentity,
  old: number,
): Promise<Lsn | null> {
  await using client = await connectReplication(connection, `timeline ${slot}`);
  return await readTimelineEnd(client, timeline, old);
}

/** What was done to the publication while nobody looked. A table that is gone, or halted already, is no gap of the others. */
function catalogGap({ config, lease, facts }: Observed): FreshetError | null {
  const { tables, publication } = config;
  const states = TableStates.fromCheckpoint(lease.image);
  for (const id of tables) {
    const table = formatTable(id);
    const before = states.factsOf(table);
    if (before === null || states.isHalted(table)) continue;
    const verdict = judgeTable(id, before, facts.get(table), publication);
    if (verdict.kind === 'gap') return verdict.error;
  }
  return null;
}
