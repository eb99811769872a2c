import type { Client } from 'pg';
import { type Config, databaseOf, type SourceConfig } from '../../config.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { readPin } from '../../consumers/upsert/catalog/pin.ts';
import type { CatalogPlaces, Comparison } from '../../consumers/upsert/catalog/compare.ts';
import {
  FEED_TABLE,
  findSnapshot,
  type SnapshotOrigin,
} from '../../consumers/upsert/catalog/snapshot-tables.ts';
import { buildBrandDictionary } from '../../consumers/upsert/normalise/brand-dictionary.ts';
import type { Taxonomy } from '../../consumers/upsert/normalise/taxonomy.ts';
import { createFeedPipeline, createUpsertPipeline } from '../../consumers/upsert/pipeline.ts';
import { readRules } from '../../consumers/upsert/rules.ts';
import { readTaxonomy } from '../../consumers/upsert/taxonomy-file.ts';
import type { Log } from '../../metrics/capture-metrics.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { connect } from '../../runtime/postgres.ts';
import { beginReading } from '../../runtime/transactions.ts';
import { Engine } from '../engine.ts';

/** A way into the items: whose rows, captured from where, through which pipeline. */
interface CatalogWay {
  readonly source: SourceConfig;
  readonly pipeline: Pipeline;
}

/** What the commands of the catalogue work with. */
export interface CatalogSetup {
  readonly config: Config;
  readonly engine: Engine;
  readonly taxonomy: Taxonomy | null;
  readonly ways: Readonly<Record<SnapshotOrigin, CatalogWay>>;
}

/** Throws CONFIG_INVALID where no source captures the products, and where the items are not in the target. */
export function openCatalog(config: Config, log: Log): CatalogSetup {
  if (config.itemsTarget !== null)
    throw new FreshetError(
      'CONFIG_INVALID',
      "upsert.sink is 'api': snapshots, the daily diff and the coverage are about the table items",
      {
        cure: "Bring all products with freshet refresh public.products, or set upsert.sink: 'sql'.",
      },
    );
  const taxonomy = readTaxonomy(config.upsert.taxonomyFile);
  const pipeline = createUpsertPipeline(taxonomy);
  const source = new Engine(config, log).sourceOf(pipeline);
  const feed = feedSource(config, source);
  const engine = new Engine({ ...config, sources: [...config.sources, feed] }, log);
  return {
    config,
    engine,
    taxonomy,
    ways: {
      products: { source, pipeline },
      feed: { source: feed, pipeline: createFeedPipeline(taxonomy) },
    },
  };
}

/** The feed's table lies in the target. It is read when it is asked for: no slot is needed, and nothing streams. */
function feedSource({ target }: Config, source: SourceConfig): SourceConfig {
  const name = `${source.slot}_feed`;
  return {
    ...source,
    name,
    slot: name,
    publication: name,
    connection: target,
    writeBack: target,
    database: databaseOf(target.url),
    tables: [FEED_TABLE],
    mode: 'snapshot-only',
    failoverSlot: false,
  };
}

/** Makes what the pipelines need in the target, and gives connections to both databases for some work. */
export async function withCatalog<T>(
  setup: CatalogSetup,
  work: (places: CatalogPlaces) => Promise<T>,
): Promise<T> {
  const { engine, ways } = setup;
  await engine.migrate([ways.products.pipeline, ways.feed.pipeline]);
  return withConnections(setup, async (source, target) =>
    work({ source, target, rules: await readRules(target, setup.taxonomy), isMade: true }),
  );
}

/** The same without making anything, each database as it stands at one moment. */
export async function withStillCatalog<T>(
  setup: CatalogSetup,
  work: (places: CatalogPlaces) => Promise<T>,
): Promise<T> {
  return withConnections(setup, async (source, target) => {
    for (const client of [source, target]) await beginReading(client);
    const isMade = await hasCatalog(target);
    const { taxonomy } = setup;
    const rules = isMade ? await readRules(target, taxonomy) : { brands: buildBrandDictionary(), taxonomy };
    return work({ source, target, rules, isMade });
  });
}

async function withConnections<T>(
  { config, ways }: CatalogSetup,
  work: (source: Client, target: Client) => Promise<T>,
): Promise<T> {
  const source = await connect(ways.products.source.connection, 'catalog');
  try {
    const target = await connect(config.target, 'catalog');
    try {
      return await work(source, target);
    } finally {
      await target.end();
    }
  } finally {
    await source.end();
  }
}

async function hasCatalog(target: Client): Promise<boolean> {
  const { rows } = await target.query<{ present: boolean }>(
    `SELECT to_regclass('public.items') IS NOT NULL AND to_regclass('freshet.catalog_pin') IS NOT NULL AS present`,
  );
  return rows[0]?.present === true;
}

/** What the items have to be now: a pinned snapshot has the say, whatever is asked for. */
export async function comparisonNow(
  { target, isMade }: CatalogPlaces,
  asked: 'products' | 'feed' | 'owners',
): Promise<Comparison> {
  const pinned = isMade ? await readPin(target) : null;
  if (pinned === null) return { with: asked };
  const { snapshot, origin } = await findSnapshot(target, pinned);
  return { with: 'snapshot', snapshot, origin };
}
