import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { csvLine } from './copy-lines.ts';
import { ItemRandom } from './item-random.ts';

/** Where a data folder keeps real messages: CSV with the columns of the table below. */
const MESSAGES_FILE = join('leads', 'messages.csv');
const COLUMNS = ['message_id', 'thread_id', 'sent_at', 'text', 'label', 'source'] as const;

const GENERATED = [
  'Yes, that sounds good. When can you come?',
  'How much would three windows cost, fitted?',
  'Not interested, thanks',
  'Who is this?',
  'We want to start in March, budget is around 5,000',
  'STOP',
  'Please take me off your list',
  "Sorry, I'm driving, can't talk right now",
  'Can you call me tomorrow at 10?',
  'ok',
  'My sister stopped at the bus stop and asked about it',
  'Do you also do roofs? We need a new one before winter.',
  'Maybe next year',
  'wrong number mate',
] as const;

/**
 * Fills the tables of leads with the data folder's messages, or with as many generated ones. Messages of a
 * thread are one lead's; of the others two make a lead. Each lead was written to first; of every hundred
 * two are blacklisted, and some never answered. Returns the rows of both tables.
 */
export async function fillLeads(
  client: pg.ClientBase,
  folder: string | null,
  generated: number,
  seed: number,
): Promise<number> {
  await client.query('BEGIN');
  await client.query(
    `CREATE TEMP TABLE raw_messages (${COLUMNS.map((name) => `${name} text`).join(', ')}) ON COMMIT DROP`,
  );
  const path = folder === null ? null : join(folder, MESSAGES_FILE);
  const lines =
    path !== null && existsSync(path) ? createReadStream(path) : Readable.from(generate(generated, seed));
  await pipeline(lines, client.query(copyFrom('COPY raw_messages FROM STDIN (FORMAT csv, HEADER)')));
  await client.query(TO_TABLES);
  await client.query('COMMIT');
  await client.query('ANALYZE public.leads, public.messages');
  const { rows } = await client.query<{ count: number }>(
    'SELECT (SELECT count(*) FROM public.leads)::int + (SELECT count(*) FROM public.messages)::int AS count',
  );
  return rows[0]?.count ?? 0;
}

function* generate(count: number, seed: number): Generator<string> {
  yield `${COLUMNS.join(',')}\n`;
  for (let n = 0; n < count; n++) {
    const text = new ItemRandom(seed, n).pick(GENERATED);
    const row = {
      message_id: `m${n}`,
      thread_id: null,
      sent_at: null,
      text,
      label: null,
      source: 'generated',
    };
    yield `${csvLine(row, COLUMNS)}\n`;
  }
}

const TO_TABLES = `
INSERT INTO public.clients SELECT 'client-' || n, 'Client ' || n FROM generate_series(1, 3) AS n;

CREATE TEMP TABLE placed ON COMMIT DROP AS
SELECT message_id AS id, text AS body,
       CASE WHEN coalesce(thread_id, '') <> '' THEN 'lead-' || thread_id
            ELSE 'lead-' || lpad((row_number() OVER (ORDER BY coalesce(thread_id, ''), message_id) / 2)::text, 6, '0') END AS lead_id,
       coalesce(CASE WHEN sent_at ~ '^\\d{4}[./-]\\d\\d?[./-]\\d\\d? \\d\\d?:\\d\\d' THEN
                       to_timestamp(sent_at, 'YYYY.MM.DD HH24:MI:SS') END,
                timestamptz '2026-06-01' + row_number() OVER (ORDER BY message_id) * interval '17 minutes') AS created_at
  FROM raw_messages WHERE coalesce(text, '') <> '';

INSERT INTO public.leads (id, client_id, name, blacklisted, created_at)
SELECT lead_id, 'client-' || (abs(hashtext(lead_id)) % 3 + 1), 'Lead ' || substr(lead_id, 6),
       abs(hashtext(lead_id || 'b')) % 50 = 0, min(created_at) - interval '1 day'
  FROM placed GROUP BY lead_id;
INSERT INTO public.leads (id, client_id, name)
SELECT 'lead-silent-' || n, 'client-1', 'Lead without an answer ' || n FROM generate_series(1, 40) AS n;

INSERT INTO public.messages (id, lead_id, direction, body, created_at)
SELECT id, lead_id, 'inbound', body, created_at FROM placed;
INSERT INTO public.messages (id, lead_id, direction, body, created_at)
SELECT 'hello-' || l.id, l.id, 'outbound', 'Hi, this is Sam from Demo Windows. Is now a good time to talk about your project?',
       coalesce(min(m.created_at), now()) - interval '1 hour'
  FROM public.leads AS l LEFT JOIN public.messages AS m ON m.lead_id = l.id GROUP BY l.id;
`;
