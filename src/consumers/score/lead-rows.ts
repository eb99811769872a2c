import type { ClientBase } from 'pg';
import type { LeadFacts } from './decision.ts';
import type { ConversationMessage } from './scorer.ts';

/** A lead as its row and its messages show it at one moment. */
export interface LeadRow extends LeadFacts {
  readonly id: string;
  /** The message of an opt-out that was stored, also of one that was lifted since: older ones are not held against the lead. */
  readonly judgedUpTo: MessagePlace | null;
}

/** Where a message stands in its conversation. */
export interface MessagePlace {
  readonly id: string;
  /** Unix microseconds. */
  readonly atUs: number;
}

export interface StoredMessage extends ConversationMessage, MessagePlace {}

/** A message that opts out, and why it was taken so. */
export interface OptOutHit extends MessagePlace {
  readonly rule: string;
  readonly evidence: string;
}

/** What is to be stored in a lead's row. */
export interface LeadOutcome {
  readonly id: string;
  readonly score: number;
  readonly reasons: readonly string[];
  readonly anchor: string | null;
  readonly version: string;
  readonly disqualified: boolean;
  /** The opt-out that was found just now; null where there is none, or where the row holds it already. */
  readonly optOut: OptOutHit | null;
}

/** Messages of one conversation that are read; a scorer takes fewer. */
const MAX_MESSAGES = 200;
const MAX_BODY_CHARS = 4_000;

const MICROSECONDS = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::float8`;

/** Columns that the pipeline adds, and what stands for them where it has not done so yet. */
const OWN_COLUMNS: readonly (readonly [name: string, type: string, expression?: string])[] = [
  ['opt_out_message_id', 'text'],
  ['opt_out_us', 'float8', MICROSECONDS('l.opt_out_message_at')],
  ['opt_out_rule', 'text'],
  ['opt_out_evidence', 'text'],
  ['overall_score', 'int'],
  ['score_anchor', 'text'],
  ['score_model_version', 'text'],
];

/** `wanted`: a relation named `wanted` with the column `id`. `migrated`: the pipeline's columns are there. */
export function leadQuery(wanted: string, migrated = true): string {
  const own = OWN_COLUMNS.map(([name, type, expression]) =>
    migrated ? `${expression ?? `l.${name}`} AS ${name}` : `NULL::${type} AS ${name}`,
  );
  return `SELECT l.id, l.blacklisted, l.opted_out_at IS NOT NULL AS opted_out, ${own.join(', ')}, newest.id AS newest_id
            FROM ${wanted} JOIN public.leads AS l USING (id)
            LEFT JOIN LATERAL (
              SELECT m.id FROM public.messages AS m WHERE m.lead_id = l.id AND m.direction = 'inbound'
               ORDER BY m.created_at DESC, m.id DESC LIMIT 1) AS newest ON true`;
}

export interface LeadTexts {
  readonly id: string;
  readonly blacklisted: boolean;
  readonly opted_out: boolean;
  readonly opt_out_message_id: string | null;
  readonly opt_out_us: number | null;
  readonly opt_out_rule: string | null;
  readonly opt_out_evidence: string | null;
  readonly overall_score: number | null;
  readonly score_anchor: string | null;
  readonly score_model_version: string | null;
  readonly newest_id: string | null;
}

export function leadOf(row: LeadTexts): LeadRow {
  const { opt_out_message_id: messageId, opt_out_us: atUs } = row;
  return {
    id: row.id,
    blacklisted: row.blacklisted,
    optedOut: row.opted_out
      ? { messageId, rule: row.opt_out_rule ?? "the lead's row", evidence: row.opt_out_evidence ?? '' }
      : null,
    judgedUpTo: messageId === null || atUs === null ? null : { id: messageId, atUs },
    inboundCount: row.newest_id === null ? 0 : 1,
    newestInboundId: row.newest_id,
    currentScore: row.overall_score,
    currentAnchor: row.score_anchor,
    currentVersion: row.score_model_version,
  };
}

export async function readLeads(client: ClientBase, ids: readonly string[]): Promise<Map<string, LeadRow>> {
  const { rows } = await client.query<LeadTexts>({
    name: 'freshet_read_leads',
    text: leadQuery('unnest($1::text[]) AS wanted(id)'),
    values: [ids],
  });
  return new Map(rows.map((row) => [row.id, leadOf(row)]));
}

/**
 * Locks the leads' rows until the transaction ends, and only then reads them. Messages can be inserted
 * meanwhile: their foreign key needs no more than the key to stay.
 */
export async function lockLeads(client: ClientBase, ids: readonly string[]): Promise<Map<string, LeadRow>> {
  await client.query({
    name: 'freshet_lock_leads',
    text: 'SELECT FROM public.leads WHERE id = ANY ($1::text[]) ORDER BY id FOR NO KEY UPDATE',
    values: [ids],
  });
  return readLeads(client, ids);
}

/** The last messages of each lead, oldest first. */
export async function readConversations(
  client: ClientBase,
  ids: readonly string[],
): Promise<Map<string, StoredMessage[]>> {
  const { rows } = await client.query<MessageTexts>({
    name: 'freshet_read_conversations',
    text: `SELECT m.lead_id, m.id, m.inbound, m.body, m.at_us
             FROM unnest($1::text[]) AS wanted(id) CROSS JOIN LATERAL (
               SELECT lead_id, id, direction = 'inbound' AS inbound, left(body, ${MAX_BODY_CHARS}) AS body,
                      ${MICROSECONDS('created_at')} AS at_us
                 FROM public.messages WHERE lead_id = wanted.id
                ORDER BY created_at DESC, id DESC LIMIT ${MAX_MESSAGES}) AS m`,
    values: [ids],
  });
  const conversations = new Map<string, StoredMessage[]>(ids.map((id) => [id, []]));
  for (const row of rows) conversations.get(row.lead_id)?.push(messageOf(row));
  for (const messages of conversations.values()) messages.reverse();
  return conversations;
}

interface MessageTexts {
  readonly lead_id: string;
  readonly id: string;
  readonly inbound: boolean;
  readonly body: string;
  readonly at_us: number;
}

function messageOf({ id, inbound, body, at_us: atUs }: MessageTexts): StoredMessage {
  return {
    id,
    direction: inbound ? 'inbound' : 'outbound',
    body,
    atUs,
    createdAt: new Date(Math.floor(atUs / 1_000)),
  };
}

/** The rows must be locked, and the outcomes decided by what they then held. */
export async function writeOutcomes(client: ClientBase, outcomes: readonly LeadOutcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  const column = <T>(of: (outcome: LeadOutcome) => T): T[] => outcomes.map(of);
  await client.query({
    name: 'freshet_write_outcomes',
    text: `UPDATE public.leads AS l
              SET overall_score = v.score, score_reasons = v.reasons, score_anchor = v.anchor,
                  score_model_version = v.version, scored_at = clock_timestamp(),
                  disqualified_at = CASE WHEN v.disqualified THEN coalesce(l.disqualified_at, clock_timestamp()) END,
                  opted_out_at = CASE WHEN v.message_id IS NULL THEN l.opted_out_at
                                      ELSE coalesce(l.opted_out_at, m.created_at, clock_timestamp()) END,
                  opt_out_message_id = coalesce(v.message_id, l.opt_out_message_id),
                  opt_out_message_at = CASE WHEN v.message_id IS NULL THEN l.opt_out_message_at
                                            ELSE coalesce(m.created_at, clock_timestamp()) END,
                  opt_out_rule = coalesce(v.rule, l.opt_out_rule),
                  opt_out_evidence = coalesce(v.evidence, l.opt_out_evidence)
             FROM unnest($1::text[], $2::int[], $3::jsonb[], $4::text[], $5::text[], $6::bool[],
                         $7::text[], $8::text[], $9::text[])
                  AS v(id, score, reasons, anchor, version, disqualified, message_id, rule, evidence)
             LEFT JOIN public.messages AS m ON m.id = v.message_id
            WHERE l.id = v.id`,
    values: [
      column(({ id }) => id),
      column(({ score }) => score),
      column(({ reasons }) => JSON.stringify(reasons.map(storable))),
      column(({ anchor }) => anchor),
      column(({ version }) => version),
      column(({ disqualified }) => disqualified),
      column(({ optOut }) => optOut?.id ?? null),
      column(({ optOut }) => optOut?.rule ?? null),
      column(({ optOut }) => (optOut === null ? null : storable(optOut.evidence))),
    ],
  });
}

/** jsonb and text take neither a zero character nor half a surrogate pair. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}
