import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { ClientBase } from 'pg';
import { isFreshetError } from '../../runtime/errors.ts';
import { connect, errorMessage, type PostgresConfig } from '../../runtime/postgres.ts';
import type { Companion } from '../define-pipeline.ts';
import type { BrandDictionary } from './normalise/brand-dictionary.ts';
import { canonicalBrand } from './normalise/canonical-brand.ts';
import type { Taxonomy } from './normalise/taxonomy.ts';
import { brandsOf, readChangedRules, type RulesRow, rulesRow } from './rules.ts';

/** To be raised with each change of what the code decides: items that were judged before are then judged again. */
const JUDGEMENT_VERSION = 2;

/** What the items there are were judged by; no row: not known. */
export const JUDGED_SQL = `
  CREATE TABLE IF NOT EXISTS freshet.catalog_judged (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    fingerprint text NOT NULL,
    rules       jsonb NOT NULL,
    judged_at   timestamptz NOT NULL DEFAULT now()
  )`;

/** A query of the target that has a row where there are items. */
export const IN_TABLE = 'SELECT FROM public.items LIMIT 1';

export interface JudgeAgainOptions {
  /** Where the products are. */
  readonly source: PostgresConfig;
  /** Asks for a refresh of the products; null: of all. An id that was asked for before is not asked for again. */
  readonly ask: (id: string, where: string | null, signal: AbortSignal) => Promise<void>;
}

const LOOK_MS = 1_000;
const FAILED_MS = 10_000;
/** So many brand values are named in a condition. */
const NAMED_VALUES = 500;

/**
 * Sees to it that items are judged by the rules in force: after a change of an alias or a spelling the products
 * whose brand it decides otherwise are refreshed, after a change of the code or the taxonomy all. Batches that run
 * meanwhile may still write by the old rules: the refresh comes after them.
 */
export function judgeAgain(
  taxonomy: Taxonomy | null,
  options: JudgeAgainOptions,
  anyItem: string,
): Companion {
  const judge = { ...options, anyItem, fingerprint: `${JUDGEMENT_VERSION}/${taxonomyHash(taxonomy)}` };
  return async ({ target, log }, signal) => {
    let seen: string | null = null;
    const look = async (): Promise<void> => {
      await using session = await connect(target, 'rules');
      while (!signal.aborted) {
        const now = await readChangedRules(session, seen);
        if (now !== null && (await settle(session, judge, now, signal))) seen = now.version;
        await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
      }
    };
    while (!signal.aborted) {
      try {
        await look();
      } catch (error) {
        if (isFreshetError(error, 'CONFIG_INVALID')) throw error;
        if (signal.aborted) return;
        log('warn', `the catalogue's rules: ${errorMessage(error)}; trying again`);
        await sleep(FAILED_MS, undefined, { signal }).catch(() => {});
      }
    }
  };
}

interface Judge extends JudgeAgainOptions {
  /** Of the code and the taxonomy. */
  readonly fingerprint: string;
  readonly anyItem: string;
}

/** False where another process is at it. */
async function settle(
  session: pg.Client,
  judge: Judge,
  now: RulesRow,
  signal: AbortSignal,
): Promise<boolean> {
  const { rows } = await session.query<{ free: boolean }>(
    `SELECT pg_try_advisory_lock(hashtext('freshet'), hashtext('catalog rules')) AS free`,
  );
  if (rows[0]?.free !== true) return false;
  try {
    const concerned = await concernedProducts(session, judge, now);
    if (concerned !== 'none') {
      const id = hash('sha256', `${now.version} ${judge.fingerprint}`, 'hex').slice(0, 16);
      await judge.ask(`rules-${id}`, concerned === 'all' ? null : concerned.where, signal);
    }
    await session.query(
      `INSERT INTO freshet.catalog_judged (fingerprint, rules) VALUES ($1, $2)
       ON CONFLICT (only_row) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, rules = EXCLUDED.rules, judged_at = now()`,
      [judge.fingerprint, JSON.stringify(now)],
    );
    return true;
  } finally {
    const unlock = `SELECT pg_advisory_unlock(hashtext('freshet'), hashtext('catalog rules'))`;
    // A session that is lost has lost its lock, too; what lost it is told.
    await session.query(unlock).catch(() => {});
  }
}

type Concerned = 'none' | 'all' | { readonly where: string };

async function concernedProducts(
  target: ClientBase,
  { source, fingerprint, anyItem }: Judge,
  now: RulesRow,
): Promise<Concerned> {
  const { rows } = await target.query<{ fingerprint: string; rules: unknown }>(
    'SELECT fingerprint, rules FROM freshet.catalog_judged',
  );
  const [judged] = rows;
  if (judged === undefined) return (await target.query(anyItem)).rows.length > 0 ? 'all' : 'none';
  if (judged.fingerprint !== fingerprint) return 'all';
  const values = await changedValues(source, brandsOf(rulesRow.parse(judged.rules)), brandsOf(now));
  if (values.length === 0) return 'none';
  if (values.length > NAMED_VALUES) return 'all';
  return { where: `manufacturer IN (${values.map((value) => pg.escapeLiteral(value)).join(', ')})` };
}

/** The values of the source's brand field that are decided otherwise now. */
async function changedValues(
  source: PostgresConfig,
  before: BrandDictionary,
  now: BrandDictionary,
): Promise<string[]> {
  const client = await connect(source, 'rules');
  try {
    const { rows } = await client.query<{ value: string }>(
      'SELECT DISTINCT manufacturer AS value FROM public.products WHERE manufacturer IS NOT NULL',
    );
    return rows.map(({ value }) => value).filter((value) => decision(value, before) !== decision(value, now));
  } finally {
    await client.end();
  }
}

function decision(value: string, brands: BrandDictionary): string {
  const { name, review } = canonicalBrand(value, brands);
  return JSON.stringify([name, review]);
}

function taxonomyHash(taxonomy: Taxonomy | null): string {
  return taxonomy === null ? 'none' : hash('sha256', JSON.stringify(taxonomy.nodes), 'hex').slice(0, 32);
}
