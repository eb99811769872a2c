/**
 * The example source of the score pipeline. `overall_score` and what stands beside it are written by
 * the pipeline only; everything else belongs to the application. Safe to run again.
 */
export const SCORE_SOURCE_SQL = `
CREATE TABLE IF NOT EXISTS clients (
  id         text PRIMARY KEY,
  name       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS leads (
  id                  text PRIMARY KEY,
  client_id           text NOT NULL REFERENCES clients (id),
  name                text,
  status              text NOT NULL DEFAULT 'open',
  blacklisted         boolean NOT NULL DEFAULT false,
  opted_out_at        timestamptz,
  overall_score       numeric,
  score_reasons       jsonb,
  score_anchor        text,
  score_model_version text,
  scored_at           timestamptz,
  created_at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS leads_client_id_id ON leads (client_id, id);
CREATE INDEX IF NOT EXISTS leads_unscored ON leads (id) WHERE overall_score IS NULL;

CREATE TABLE IF NOT EXISTS messages (
  id         text PRIMARY KEY,
  lead_id    text NOT NULL REFERENCES leads (id) ON DELETE CASCADE,
  direction  text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  body       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS messages_lead_id_created_at ON messages (lead_id, created_at, id);
`;

/**
 * What the pipeline owns. A lead with its messages spans two topics, so their rows are kept here, and
 * a transaction stores the rows, locks the leads in sorted order, reads them again and decides.
 * Bodies are not kept: of a message only what was judged of it. No foreign keys: messages may come
 * before their lead. `source_partition` and `seen_epoch` are what a sweep goes by.
 */
export const SCORE_STATE_SQL = `
CREATE SCHEMA IF NOT EXISTS freshet;

CREATE TABLE IF NOT EXISTS freshet.score_leads (
  lead_id          text PRIMARY KEY,
  client_id        text,
  blacklisted      boolean NOT NULL DEFAULT false,
  opted_out_at     timestamptz,
  source_partition integer NOT NULL,
  seen_epoch       bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS score_leads_sweep ON freshet.score_leads (source_partition, seen_epoch);

CREATE TABLE IF NOT EXISTS freshet.score_messages (
  message_id       text PRIMARY KEY,
  lead_id          text NOT NULL,
  direction        text NOT NULL,
  created_at       timestamptz NOT NULL,
  opt_out_rule     text,
  opt_out_evidence text,
  source_partition integer NOT NULL,
  seen_epoch       bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS score_messages_newest_inbound
  ON freshet.score_messages (lead_id, created_at DESC, message_id DESC) WHERE direction = 'inbound';
CREATE INDEX IF NOT EXISTS score_messages_opt_out
  ON freshet.score_messages (lead_id) WHERE opt_out_rule IS NOT NULL;
CREATE INDEX IF NOT EXISTS score_messages_sweep ON freshet.score_messages (source_partition, seen_epoch);

CREATE TABLE IF NOT EXISTS freshet.score_calls (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lead_id           text NOT NULL,
  model_version     text NOT NULL,
  called_at         timestamptz NOT NULL DEFAULT now(),
  disqualified      boolean NOT NULL,
  outcome           text NOT NULL,
  prompt_tokens     integer,
  completion_tokens integer,
  cost_usd          numeric
);
CREATE INDEX IF NOT EXISTS score_calls_lead_id ON freshet.score_calls (lead_id);
`;
