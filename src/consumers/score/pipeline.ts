import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { PostgresConfig } from '../../runtime/postgres.ts';
import type { JobQueue } from '../../sinks/job-queue.ts';
import { targetTable } from '../../sinks/target-table.ts';
import {
  type ApplyBatch,
  type ApplyOutcome,
  definePipeline,
  type Pipeline,
  type PipelineChange,
  sourceTable,
} from '../define-pipeline.ts';
import { decideLead } from './decision.ts';
import { disqualifyLeads, optOutOf } from './lead-judgement.ts';
import { type LeadRow, type OptOutHit, readLeads } from './lead-rows.ts';
import { SCORE_MIGRATIONS } from './migrations.ts';
import { continuousJob, continuousKind } from './score-jobs.ts';
import { DISQUALIFIED_VERSION } from './scorer.ts';

export interface ScorePipelineOptions {
  readonly queue: JobQueue;
  readonly scorerVersion: string;
  /** The lowest score of the scale. */
  readonly lowestScore: number;
  readonly maxAttempts: number;
}

const sources = {
  leads: sourceTable('public.leads', z.object({ id: z.string() })),
  messages: sourceTable(
    'public.messages',
    z.object({
      id: z.string(),
      lead_id: z.string(),
      direction: z.string(),
      body: z.string(),
      created_at: z.string(),
    }),
  ),
};
type Change = PipelineChange<typeof sources>;

/** For the report only: the table is the application's, and the pipeline's columns come by migration. */
const LEADS = targetTable({
  name: 'leads',
  columns: [{ name: 'id', type: 'text' }],
  key: ['id'],
  stamped: false,
});

/**
 * Enqueues a job for each lead that wrote, in the transaction that moves the pipeline on, and stores an
 * opt-out at once. Rows of a snapshot cause jobs only where the refresh names this pipeline's group, so
 * that no first start and no refresh of somebody else is billed; opt-outs are heeded wherever they come from.
 */
export function createScorePipeline(options: ScorePipelineOptions): Pipeline {
  return definePipeline({
    name: 'score',
    sources,
    targets: [],
    migrations: SCORE_MIGRATIONS,
    prepare: (database: PostgresConfig) => options.queue.migrate(database),
    apply: (batch) => applyChanges(options, batch),
    writesBack: true,
  });
}

/** What a batch says of leads; ids only, the rows are read as they are now. */
interface Mentions {
  /** Leads whose own rows changed. */
  readonly changed: Set<string>;
  /** Of those, the ones that may get a job. */
  readonly acting: Set<string>;
  /** Leads that wrote, and may get a job. */
  readonly wrote: Set<string>;
  readonly optOuts: Map<string, OptOutHit>;
}

async function applyChanges(
  options: ScorePipelineOptions,
  { client, changes, context }: ApplyBatch<Change>,
): Promise<ApplyOutcome<Change>> {
  const mentions = mentionsOf(changes, context.group);
  const leads = await readLeads(client, [...mentions.changed, ...mentions.wrote, ...mentions.optOuts.keys()]);
  const suspects = suspectsOf(mentions, leads);
  const disqualified = await disqualifyLeads(client, suspects, options.lowestScore);
  await enqueueJobs(client, options, mentions, leads, suspects);
  const written = disqualified.length;
  return {
    counts: [{ table: LEADS, upserts: 0, patches: written, deletes: 0, written, unchanged: 0 }],
  };
}

function mentionsOf(changes: readonly Change[], group: string): Mentions {
  const mentions: Mentions = { changed: new Set(), acting: new Set(), wrote: new Set(), optOuts: new Map() };
  for (const change of changes) {
    if (change.kind === 'delete') continue;
    const acts = !change.snapshot || change.tag?.group === group;
    if (change.source === 'leads') {
      const { id } = change.row;
      if (id === undefined) continue;
      mentions.changed.add(id);
      if (acts) mentions.acting.add(id);
    } else mention(mentions, change, acts);
  }
  return mentions;
}

/** A message whose text did not change, and is not known here, says nothing new. */
function mention(
  { wrote, optOuts }: Mentions,
  change: Exclude<Change, { kind: 'delete' } | { source: 'leads' }>,
  acts: boolean,
): void {
  const { id, lead_id: leadId, direction, body, created_at: at } = change.row;
  if (direction !== 'inbound' || id === undefined || leadId === undefined || body === undefined) return;
  if (acts) wrote.add(leadId);
  const hit = optOutOf({ id, body, atUs: microsecondsOf(at ?? '') });
  const before = optOuts.get(leadId);
  if (hit !== null && (before === undefined || before.atUs <= hit.atUs)) optOuts.set(leadId, hit);
}

/** The leads that a message disqualifies, and those whose own row does and nobody has stored that yet. */
function suspectsOf(
  { changed, wrote, optOuts }: Mentions,
  leads: ReadonlyMap<string, LeadRow>,
): Map<string, OptOutHit | null> {
  const suspects = new Map<string, OptOutHit | null>(optOuts);
  for (const id of [...changed, ...wrote]) {
    const lead = leads.get(id);
    const known = lead !== undefined && (lead.blacklisted || lead.optedOut !== null);
    if (known && lead.currentVersion !== DISQUALIFIED_VERSION && !suspects.has(id)) suspects.set(id, null);
  }
  return suspects;
}

async function enqueueJobs(
  client: ClientBase,
  { queue, scorerVersion, lowestScore, maxAttempts }: ScorePipelineOptions,
  { wrote, acting }: Mentions,
  leads: ReadonlyMap<string, LeadRow>,
  suspects: ReadonlyMap<string, unknown>,
): Promise<void> {
  const specs = [...leads.values()]
    .filter(
      (lead) => !suspects.has(lead.id) && (wrote.has(lead.id) || (acting.has(lead.id) && lacksScore(lead))),
    )
    .filter(
      (lead) =>
        decideLead({
          ...lead,
          scorerVersion,
          lowestScore,
          purpose: 'continuous',
          continuousJobLive: false,
        }) === 'enqueue',
    )
    .map((lead) => continuousJob(lead.id, lead.newestInboundId));
  await queue.enqueue(client, continuousKind(maxAttempts), specs);
}

/** A change of the lead's own row asks for a score where there is none, or where a disqualification was lifted. */
function lacksScore(lead: LeadRow): boolean {
  return lead.currentScore === null || lead.currentVersion === DISQUALIFIED_VERSION;
}

/** Of "2026-11-21T03:58:00.123456Z", with the Z or without; both are UTC. */
function microsecondsOf(timestamp: string): number {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z?$/.exec(timestamp) ?? [];
  return Date.parse(`${seconds}Z`) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
