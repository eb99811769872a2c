import type { Migration } from '../../sinks/schema.ts';

/**
 * An example of the tables that the pipeline reads. An application's own `leads` and `messages` need
 * these columns; what the pipeline writes, it adds itself. Safe to run again.
 */
export const SCORE_SOURCE_SQL = `
CREATE TABLE IF NOT EXISTS public.clients (
  id         text PRIMARY KEY,
  name       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.leads (
  id           text PRIMARY KEY,
  client_id    text NOT NULL REFERENCES public.clients (id),
  name         text,
  status       text NOT NULL DEFAULT 'open',
  blacklisted  boolean NOT NULL DEFAULT false,
  opted_out_at timestamptz,
  created_at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS leads_client_id_id ON public.leads (client_id, id);

CREATE TABLE IF NOT EXISTS public.messages (
  id         text PRIMARY KEY,
  lead_id    text NOT NULL REFERENCES public.leads (id) ON DELETE CASCADE,
  direction  text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  body       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS messages_lead_id_created_at ON public.messages (lead_id, created_at, id);
`;

/**
 * What the pipeline owns. The score stands in the lead's own row, and so does the opt-out: one row lock
 * decides between a score and a disqualification. `opt_out_message_id` and `_at` stay when somebody
 * lifts an opt-out (sets `opted_out_at` to NULL): messages up to that one are not held against the lead
 * again.
 */
export const SCORE_MIGRATIONS: readonly Migration[] = [
  {
    id: 'score-1',
    sql: `
ALTER TABLE public.leads
  ADD COLUMN IF NOT EXISTS overall_score       integer,
  ADD COLUMN IF NOT EXISTS score_reasons       jsonb,
  ADD COLUMN IF NOT EXISTS score_anchor        text,
  ADD COLUMN IF NOT EXISTS score_model_version text,
  ADD COLUMN IF NOT EXISTS scored_at           timestamptz,
  ADD COLUMN IF NOT EXISTS disqualified_at     timestamptz,
  ADD COLUMN IF NOT EXISTS opted_out_at        timestamptz,
  ADD COLUMN IF NOT EXISTS opt_out_message_id  text,
  ADD COLUMN IF NOT EXISTS opt_out_message_at  timestamptz,
  ADD COLUMN IF NOT EXISTS opt_out_rule        text,
  ADD COLUMN IF NOT EXISTS opt_out_evidence    text;

CREATE TABLE freshet.score_calls (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lead_id           text NOT NULL,
  model_version     text NOT NULL,
  called_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  outcome           text NOT NULL DEFAULT 'started',
  prompt_tokens     integer,
  completion_tokens integer,
  cost_usd          numeric
);
CREATE INDEX score_calls_lead_id ON freshet.score_calls (lead_id);
`,
  },
];
