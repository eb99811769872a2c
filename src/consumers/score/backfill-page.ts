import type { ClientBase } from 'pg';
import type { JobQueue } from '../../sinks/job-queue.ts';
import type { ScoreBackfillOptions } from './backfill-options.ts';
import { continuousJobKey, decideLead } from './decision.ts';
import { evidenceOf, findOptOut } from './lead-judgement.ts';
import {
  type LeadRow,
  type LeadTexts,
  leadOf,
  leadQuery,
  type OptOutHit,
  readConversations,
} from './lead-rows.ts';
import { addTotals, emptyTotals, type ScoreBackfillTotals } from './summary.ts';

/** What is to be done about the leads of one page. */
export interface PagePlan {
  readonly totals: ScoreBackfillTotals;
  readonly enqueue: readonly LeadRow[];
  /** Null: the lead's own row says that it is disqualified. */
  readonly disqualify: ReadonlyMap<string, OptOutHit | null>;
}

export interface PageQuestion {
  readonly queue: JobQueue;
  readonly options: ScoreBackfillOptions;
  readonly lowestScore: number;
  /** Whether the pipeline's columns are in the lead's table, and whether there is a queue. */
  readonly migrated: boolean;
  readonly hasQueue: boolean;
}

/** Conversations that are in memory at once. */
const CONVERSATIONS = 100;

/** Reads the page behind `cursor`, and decides. Writes nothing. */
export async function planPage(
  client: ClientBase,
  question: PageQuestion,
  cursor: string | null,
): Promise<PagePlan> {
  const { options } = question;
  const leads = await readPage(client, question, cursor);
  const hits = await findOptOuts(client, leads, options.rescoreAll);
  const live = question.hasQueue
    ? await question.queue.liveKeys(
        client,
        leads.map((lead) => continuousJobKey(lead.id)),
      )
    : new Set<string>();
  let totals = addTotals(emptyTotals(), {
    ...emptyTotals(),
    pages: leads.length === 0 ? 0 : 1,
    leads: leads.length,
    lastLeadId: leads.at(-1)?.id ?? null,
  });
  const enqueue: LeadRow[] = [];
  const disqualify = new Map<string, OptOutHit | null>();
  for (const lead of leads) {
    const hit = hits.get(lead.id) ?? null;
    const decision = decideLead({
      ...lead,
      optedOut: lead.optedOut ?? evidenceOf(hit),
      scorerVersion: '',
      lowestScore: question.lowestScore,
      purpose: options.rescoreAll ? 'backfill-all' : 'backfill',
      continuousJobLive: live.has(continuousJobKey(lead.id)),
    });
    if (decision === 'enqueue') enqueue.push(lead);
    else if (decision === 'disqualify') disqualify.set(lead.id, hit);
    else
      totals = {
        ...totals,
        skipped: { ...totals.skipped, [decision.skip]: totals.skipped[decision.skip] + 1 },
      };
  }
  return {
    totals: { ...totals, enqueued: enqueue.length, disqualified: disqualify.size },
    enqueue,
    disqualify,
  };
}

async function readPage(
  client: ClientBase,
  { options, migrated }: PageQuestion,
  cursor: string | null,
): Promise<LeadRow[]> {
  const { sql, values } = pageOf(options, cursor);
  const { rows } = await client.query<LeadTexts>(
    `${leadQuery(`(${sql}) AS wanted`, migrated)} ORDER BY l.id`,
    values,
  );
  return rows.map(leadOf);
}

/** The id behind the cursor; null behind the last one. */
export async function nextLead(
  client: ClientBase,
  options: ScoreBackfillOptions,
  cursor: string | null,
): Promise<string | null> {
  const { sql, values } = pageOf({ ...options, limit: 1 }, cursor);
  const { rows } = await client.query<{ id: string }>(sql, values);
  return rows[0]?.id ?? null;
}

function pageOf(
  { clientId, limit }: ScoreBackfillOptions,
  cursor: string | null,
): { readonly sql: string; readonly values: (string | number)[] } {
  const ofClient = clientId === null ? '' : 'AND client_id = $3';
  return {
    sql: `SELECT id FROM public.leads WHERE id > $1 ${ofClient} ORDER BY id LIMIT $2`,
    values: [cursor ?? '', limit, ...(clientId === null ? [] : [clientId])],
  };
}

/** Of leads that may get a job: an opt-out that nobody has stored yet. */
async function findOptOuts(
  client: ClientBase,
  leads: readonly LeadRow[],
  rescoreAll: boolean,
): Promise<Map<string, OptOutHit>> {
  const open = leads.filter(
    (lead) =>
      lead.newestInboundId !== null &&
      !lead.blacklisted &&
      lead.optedOut === null &&
      (rescoreAll || lead.currentScore === null),
  );
  const hits = new Map<string, OptOutHit>();
  for (let at = 0; at < open.length; at += CONVERSATIONS) {
    const some = open.slice(at, at + CONVERSATIONS);
    const conversations = await readConversations(
      client,
      some.map((lead) => lead.id),
    );
    for (const lead of some) {
      const hit = findOptOut(conversations.get(lead.id) ?? [], lead.judgedUpTo);
      if (hit !== null) hits.set(lead.id, hit);
    }
  }
  return hits;
}
