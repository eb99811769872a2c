import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import {
  type LeadRow,
  readConversations,
  readLeads,
  type StoredMessage,
} from '../consumers/score/lead-rows.ts';
import { LocalScorer } from '../consumers/score/local-scorer.ts';
import { SCORE_SOURCE_SQL } from '../consumers/score/migrations.ts';
import { DEFAULT_SCALE } from '../consumers/score/scorer.ts';
import { differencesOf, verifyScores } from '../consumers/score/verify.ts';
import { countText } from '../runtime/quantity-text.ts';
import { JobQueue } from '../sinks/job-queue.ts';
import type { DemoExample } from './example.ts';
import { ItemRandom } from './item-random.ts';
import { fillLeads } from './leads-source.ts';

const MAX_GENERATED = 6_000;
const WRITES = 200;
const QUEUE = new JobQueue('graphile_worker');
const QUEUE_TIMEOUT_MS = 600_000;
const CONVERSATIONS = 200;

/** Leads of a sales team and their messages, scored by jobs. */
export const leadsExample: DemoExample = {
  pipeline: 'score',
  tables: ['public.leads', 'public.messages'],
  async createTables(source) {
    await source.query(SCORE_SOURCE_SQL);
  },
  async fill(source, { folder, generatedRows, seed }) {
    const before = await source.query<{ count: number }>(
      'SELECT (SELECT count(*) FROM public.leads)::int + (SELECT count(*) FROM public.messages)::int AS count',
    );
    const existing = before.rows[0]?.count ?? 0;
    if (existing > 0) return { rows: existing, duplicates: 0, existing: true };
    const rows = await fillLeads(source, folder, Math.min(generatedRows, MAX_GENERATED), seed);
    return { rows, duplicates: 0, existing: false };
  },
  async write(source, seed, signal) {
    const { rows } = await source.query<{ id: string }>('SELECT id FROM public.leads ORDER BY id');
    for (let n = 0; n < WRITES && rows.length > 0; n++) {
      signal.throwIfAborted();
      const random = new ItemRandom(seed, n);
      const lead = rows[random.integer(0, rows.length - 1)]?.id ?? '';
      const [sql, values] = randomWrite(random, lead, `demo-${seed}-${n}`);
      await source.query(sql, [...values]);
    }
  },
  async inspect({ source }, differ) {
    await emptyQueue(source);
    const found = await verifyScores(source, QUEUE, DEFAULT_SCALE);
    const wrong = await compareScores(source, differ);
    if (differencesOf(found) > 0) differ(`score: ${JSON.stringify(found)}`);
    const distribution = await distributionOf(source);
    const { leads, scored, disqualified } = found;
    return {
      mismatches: wrong + differencesOf(found),
      figures: { leads, scored, disqualified, distribution },
      lines: ['scores       of leads that wrote', ...chart(distribution)],
    };
  },
  toTry: ({ sourceUrl }) => [
    'Let a lead write, and see its score; then let it opt out:',
    `  psql '${sourceUrl}' -c "INSERT INTO messages (id, lead_id, direction, body) VALUES (gen_random_uuid(), 'lead-silent-1', 'inbound', 'How much is it? Please call me tomorrow')"`,
    `  psql '${sourceUrl}' -c "SELECT overall_score, score_reasons FROM leads WHERE id = 'lead-silent-1'"`,
    `  psql '${sourceUrl}' -c "INSERT INTO messages (id, lead_id, direction, body) VALUES (gen_random_uuid(), 'lead-silent-1', 'inbound', 'Stop texting me')"`,
  ],
};

const REPLIES = [
  'Sounds good, how much is it?',
  'Can we talk on Friday?',
  'No thanks, not interested',
  'STOP',
  'unsubscribe please',
] as const;

/** An answer, an answer of ours, a lead that is blacklisted or renamed, or one that is deleted. */
function randomWrite(random: ItemRandom, lead: string, id: string): readonly [string, readonly string[]] {
  const insert =
    'INSERT INTO public.messages (id, lead_id, direction, body) SELECT $1, id, $3, $4 FROM public.leads WHERE id = $2';
  const kind = random.integer(0, 9);
  if (kind < 6) return [insert, [id, lead, 'inbound', random.pick(REPLIES)]];
  if (kind < 8) return [insert, [id, lead, 'outbound', 'Just checking in. Any questions?']];
  if (kind < 9)
    return [
      `UPDATE public.leads SET blacklisted = $2::int % 4 = 0, status = 'seen' WHERE id = $1`,
      [lead, String(random.integer(0, 99))],
    ];
  return ['DELETE FROM public.leads WHERE id = $1', [lead]];
}

async function emptyQueue(source: pg.ClientBase): Promise<void> {
  const deadline = Date.now() + QUEUE_TIMEOUT_MS;
  for (;;) {
    const { rows } = await source.query(
      'SELECT FROM graphile_worker.jobs WHERE attempts < max_attempts OR locked_at IS NOT NULL LIMIT 1',
    );
    if (rows.length === 0) return;
    if (Date.now() > deadline) throw new Error('the score jobs did not end');
    await sleep(50);
  }
}

/** Scores every conversation again, past the queue. Returns how many leads stand otherwise. */
async function compareScores(source: pg.ClientBase, differ: (message: string) => void): Promise<number> {
  const { rows } = await source.query<{ id: string }>(
    'SELECT id FROM public.leads WHERE disqualified_at IS NULL ORDER BY id',
  );
  let wrong = 0;
  for (let at = 0; at < rows.length; at += CONVERSATIONS) {
    const ids = rows.slice(at, at + CONVERSATIONS).map(({ id }) => id);
    const conversations = await readConversations(source, ids);
    for (const lead of (await readLeads(source, ids)).values()) {
      if (isRight(lead, conversations.get(lead.id) ?? [])) continue;
      wrong += 1;
      if (wrong <= 5) differ(`${lead.id}: score ${lead.currentScore} of message ${lead.currentAnchor}`);
    }
  }
  return wrong;
}

const SCORER = new LocalScorer();

/** Messages of ours that went out behind the anchor may have been there when it was scored, or not. */
function isRight(lead: LeadRow, messages: readonly StoredMessage[]): boolean {
  if (lead.newestInboundId === null) return lead.currentScore === null;
  if (lead.currentAnchor !== lead.newestInboundId) return false;
  const anchor = messages.findIndex(({ id }) => id === lead.currentAnchor);
  return messages
    .slice(anchor)
    .some(
      (_, n) =>
        SCORER.judge({ leadId: lead.id, messages: messages.slice(0, anchor + n + 1) }).score ===
        lead.currentScore,
    );
}

async function distributionOf(source: pg.ClientBase): Promise<Record<string, number>> {
  const { rows } = await source.query<{ score: number; leads: number }>(
    'SELECT overall_score AS score, count(*)::int AS leads FROM public.leads WHERE overall_score IS NOT NULL GROUP BY 1 ORDER BY 1',
  );
  return Object.fromEntries(rows.map(({ score, leads }) => [String(score), leads]));
}

const BAR = 40;

function chart(distribution: Readonly<Record<string, number>>): string[] {
  const most = Math.max(1, ...Object.values(distribution));
  return Object.entries(distribution).map(
    ([score, leads]) =>
      `  ${score.padStart(2)}  ${'#'.repeat(Math.ceil((leads / most) * BAR)).padEnd(BAR)}  ${countText(leads)}`,
  );
}
