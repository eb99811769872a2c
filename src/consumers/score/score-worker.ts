import type { Pool, PoolClient } from 'pg';
import { FreshetError } from '../../runtime/errors.ts';
import { inTransaction } from '../../sinks/target-pool.ts';
import { Batcher } from './batcher.ts';
import type { CallLog } from './call-log.ts';
import type { SkipReason } from './decision.ts';
import { findOptOut, judgeLead, standingOptOut, type Verdict } from './lead-judgement.ts';
import {
  type LeadOutcome,
  type LeadRow,
  type OptOutHit,
  type StoredMessage,
  lockLeads,
  readConversations,
  readLeads,
  writeOutcomes,
} from './lead-rows.ts';
import { parseScoreJob } from './score-jobs.ts';
import type { LeadScorer, ScoreResult } from './scorer.ts';

export type JobOutcome = 'scored' | 'disqualified' | SkipReason;

export interface ScoreWorkerOptions {
  readonly pool: Pool;
  readonly scorer: LeadScorer;
  readonly lowestScore: number;
  /** Where calls that cost money are written down. */
  readonly calls: CallLog;
  readonly finished: (outcome: JobOutcome, seconds: number) => void;
}

interface Loaded {
  readonly lead: LeadRow | null;
  readonly messages: readonly StoredMessage[];
  readonly optOut: OptOutHit | null;
}

/** What a job wants to store: a score, or null where it found that the lead is disqualified. */
interface Wish {
  readonly leadId: string;
  readonly loaded: Loaded;
  readonly anchor: string | null;
  readonly result: ScoreResult | null;
}

const READS = { maxItems: 250, maxInFlight: 2 };
const WRITES = { maxItems: 250, maxInFlight: 2 };

/** Does the jobs of the score pipeline: reads a lead, lets it be scored, and stores that under the row's lock. */
export class ScoreWorker {
  readonly #options: ScoreWorkerOptions;
  readonly #reads: Batcher<string, Loaded>;
  readonly #writes: Batcher<Wish, JobOutcome>;

  constructor(options: ScoreWorkerOptions) {
    this.#options = options;
    this.#reads = new Batcher((ids) => this.#load(ids), READS);
    this.#writes = new Batcher((wishes) => this.#store(wishes), WRITES);
  }

  /** Rejects where the lead could not be scored: nothing is stored then, and the queue tries again. */
  async handle(payload: unknown, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    const job = parseScoreJob(payload);
    const outcome = await this.#do(job.leadId, job.rescore, signal);
    this.#options.finished(outcome, (performance.now() - startedAt) / 1_000);
  }

  async #do(leadId: string, rescore: boolean, signal: AbortSignal): Promise<JobOutcome> {
    const loaded = await this.#reads.add(leadId);
    const judged = judgeLead(loaded.lead, loaded.optOut, this.#verdict(rescore));
    if ('skip' in judged) return judged.skip;
    if ('version' in judged) return this.#writes.add({ leadId, loaded, anchor: null, result: null });
    const result = await this.#ask(leadId, loaded.messages, signal);
    return this.#writes.add({ leadId, loaded, anchor: judged.score, result });
  }

  async #ask(leadId: string, messages: readonly StoredMessage[], signal: AbortSignal): Promise<ScoreResult> {
    const { scorer, calls } = this.#options;
    if (!scorer.billed) return scorer.score({ leadId, messages }, signal);
    return calls.record(leadId, scorer.version, () => scorer.score({ leadId, messages }, signal));
  }

  #verdict(rescore: boolean): Verdict {
    const { scorer, lowestScore } = this.#options;
    return { scorerVersion: scorer.version, lowestScore, rescore };
  }

  async #load(ids: readonly string[]): Promise<Loaded[]> {
    const unique = [...new Set(ids)];
    const client = await this.#options.pool.connect();
    let leads: Map<string, LeadRow>;
    let conversations: Map<string, StoredMessage[]>;
    try {
      // In this order, what comes between the two is among the messages, and is judged.
      leads = await readLeads(client, unique);
      conversations = await readConversations(client, unique);
    } finally {
      client.release();
    }
    return ids.map((id) => loadedOf(leads.get(id) ?? null, conversations.get(id) ?? []));
  }

  /** Everything is judged again under the rows' locks: an opt-out that came while a job ran wins. */
  #store(wishes: readonly Wish[]): Promise<JobOutcome[]> {
    const ids = [...new Set(wishes.map((wish) => wish.leadId))];
    return inTransaction(this.#options.pool, async (client) => {
      const leads = await lockLeads(client, ids);
      const newer = await this.#newerMessages(client, wishes, leads);
      const outcomes = new Map<string, LeadOutcome>();
      const answers = wishes.map((wish): JobOutcome => {
        const lead = leads.get(wish.leadId) ?? null;
        const late = findOptOut(newer.get(wish.leadId) ?? [], lead?.judgedUpTo ?? null);
        const judged = judgeLead(lead, late ?? standingOptOut(wish.loaded.optOut, lead), this.#verdict(true));
        if ('skip' in judged) return judged.skip;
        if ('version' in judged) {
          outcomes.set(wish.leadId, judged);
          return 'disqualified';
        }
        if (wish.result === null) throw lifted(wish.leadId);
        if (this.#isSuperseded(wish, lead)) return 'anchor-scored';
        outcomes.set(wish.leadId, this.#scored(wish.leadId, wish.anchor, wish.result));
        return 'scored';
      });
      await writeOutcomes(client, [...outcomes.values()]);
      return answers;
    });
  }

  /** The messages of leads to which one came since the job had read them. */
  async #newerMessages(
    client: PoolClient,
    wishes: readonly Wish[],
    leads: ReadonlyMap<string, LeadRow>,
  ): Promise<Map<string, StoredMessage[]>> {
    const stale = wishes.filter(({ leadId, loaded }) => {
      const newest = leads.get(leadId)?.newestInboundId ?? null;
      return newest !== null && newest !== loaded.lead?.newestInboundId;
    });
    if (stale.length === 0) return new Map();
    return readConversations(client, [...new Set(stale.map((wish) => wish.leadId))]);
  }

  /** The row has the score of a newer message by now. */
  #isSuperseded({ anchor }: Wish, lead: LeadRow | null): boolean {
    const newest = lead?.newestInboundId ?? null;
    return (
      lead?.currentAnchor === newest &&
      lead.currentVersion === this.#options.scorer.version &&
      anchor !== newest
    );
  }

  #scored(id: string, anchor: string | null, { score, reasons }: ScoreResult): LeadOutcome {
    const { version } = this.#options.scorer;
    return { id, score, reasons, anchor, version, disqualified: false, optOut: null };
  }
}

/** The queue tries again: there is no score to store. */
function lifted(leadId: string): FreshetError {
  return new FreshetError('SINK_BUSY', `the disqualification of lead ${leadId} was lifted meanwhile`);
}

/** The anchor is the newest inbound message of those that were read. */
function loadedOf(lead: LeadRow | null, messages: readonly StoredMessage[]): Loaded {
  if (lead === null) return { lead, messages, optOut: null };
  const newest = messages.findLast(({ direction }) => direction === 'inbound')?.id ?? lead.newestInboundId;
  const seen = { ...lead, newestInboundId: newest, inboundCount: newest === null ? 0 : 1 };
  return { lead: seen, messages, optOut: findOptOut(messages, lead.judgedUpTo) };
}
