import type { ClientBase } from 'pg';
import { z } from 'zod';
import { type BrandDictionary, buildBrandDictionary } from './normalise/brand-dictionary.ts';
import type { NormaliseContext } from './normalise/normalise-item.ts';
import type { Taxonomy } from './normalise/taxonomy.ts';

/**
 * What people and snapshots say about brands lives in the target: `brand_aliases` is theirs to edit,
 * `brand_spellings` is learned. Any change of either raises the version.
 */
export const RULES_SQL = `
  CREATE TABLE IF NOT EXISTS public.brand_aliases (
    variant   text PRIMARY KEY,
    canonical text,
    edited_at timestamptz NOT NULL DEFAULT now()
  );
  COMMENT ON COLUMN public.brand_aliases.canonical IS 'NULL: the variant is no brand';
  CREATE TABLE IF NOT EXISTS public.brand_spellings (spelling text PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS freshet.catalog_rules (version bigint NOT NULL);
  INSERT INTO freshet.catalog_rules SELECT 1 WHERE NOT EXISTS (SELECT FROM freshet.catalog_rules);
  CREATE OR REPLACE FUNCTION freshet.catalog_rules_changed() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN UPDATE freshet.catalog_rules SET version = version + 1; RETURN NULL; END';
  CREATE OR REPLACE TRIGGER catalog_rules_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON public.brand_aliases FOR EACH STATEMENT EXECUTE FUNCTION freshet.catalog_rules_changed();
  CREATE OR REPLACE TRIGGER catalog_rules_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON public.brand_spellings FOR EACH STATEMENT EXECUTE FUNCTION freshet.catalog_rules_changed()`;

/** The rules, where their version is none of $1. */
const RULES_QUERY = `
  SELECT ($1::text[])[1] AS key, current_database() || '/' || version AS version,
         (SELECT coalesce(json_agg(json_build_array(variant, canonical) ORDER BY variant), '[]') FROM public.brand_aliases) AS aliases,
         (SELECT coalesce(json_agg(spelling ORDER BY spelling), '[]') FROM public.brand_spellings) AS spellings
    FROM freshet.catalog_rules WHERE current_database() || '/' || version <> ALL ($1::text[])`;

export const rulesRow = z.object({
  version: z.string(),
  aliases: z.array(z.tuple([z.string(), z.string().nullable()])),
  spellings: z.array(z.string()),
});

export type RulesRow = z.output<typeof rulesRow>;

/** No version of rules is called so. */
const NONE = 'none';

/** The rules as of the last batch: they are read again only when somebody changed them. */
export class CurrentRules {
  readonly #taxonomy: Taxonomy | null;
  /** The version alone: the key that every change has in the look-up. */
  #version: readonly [string] = [NONE];
  #context: NormaliseContext;

  constructor(taxonomy: Taxonomy | null) {
    this.#taxonomy = taxonomy;
    this.#context = { brands: buildBrandDictionary(), taxonomy };
  }

  /** For a pipeline's `lookUps`. */
  readonly lookUp = {
    sql: RULES_QUERY,
    statement: 'freshet_catalog_rules',
    row: rulesRow,
    keysOf: (): readonly string[] => this.#version,
  };

  get current(): NormaliseContext {
    return this.#context;
  }

  /** `changed`: what the look-up found. */
  take(changed: { get(key: string): RulesRow | undefined }): NormaliseContext {
    const row = changed.get(this.#version[0]);
    if (row !== undefined) {
      this.#context = contextOf(row, this.#taxonomy);
      this.#version = [row.version];
    }
    return this.#context;
  }
}

/** The rules as they are in the target now. */
export async function readRules(target: ClientBase, taxonomy: Taxonomy | null): Promise<NormaliseContext> {
  const { rows } = await target.query(RULES_QUERY, [[NONE]]);
  return contextOf(rulesRow.parse(rows[0]), taxonomy);
}

/** The rules where their version is not the one that was seen; null: it is. */
export async function readChangedRules(target: ClientBase, seen: string | null): Promise<RulesRow | null> {
  const { rows } = await target.query(RULES_QUERY, [[seen ?? NONE]]);
  return rows[0] === undefined ? null : rulesRow.parse(rows[0]);
}

function contextOf(row: RulesRow, taxonomy: Taxonomy | null): NormaliseContext {
  return { brands: brandsOf(row), taxonomy };
}

/** Throws CONFIG_INVALID on a circle of aliases. */
export function brandsOf({ aliases, spellings }: RulesRow): BrandDictionary {
  const rows = aliases.map(([variant, canonical]) => ({ variant, canonical }));
  return buildBrandDictionary(rows, spellings);
}
