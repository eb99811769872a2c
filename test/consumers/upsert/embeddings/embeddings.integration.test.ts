import { describe, expect, it } from 'vitest';
import { Engine } from '../../../../src/cli/engine.ts';
import { workOnEmbeddings } from '../../../../src/cli/embeddings.ts';
import { EmbeddingStore } from '../../../../src/consumers/upsert/embeddings/embedding-store.ts';
import { migrateEmbeddings } from '../../../../src/consumers/upsert/embeddings/embedding-tables.ts';
import { createUpsertPipeline, upsertPipeline } from '../../../../src/consumers/upsert/pipeline.ts';
import type { Config } from '../../../../src/config.ts';
import type { ConfigInput } from '../../../../src/config-schema.ts';
import { connect } from '../../../../src/runtime/postgres.ts';
import { createTargetPool, TARGET_DEFAULTS } from '../../../../src/sinks/target-pool.ts';
import { until } from '../../../support/capture.ts';
import { CommandLine } from '../../../support/command-line.ts';
import { during, type Tasks } from '../../../support/during.ts';
import { EmbeddingsApi } from '../../../support/embeddings-api.ts';
import { openShop, type Shop } from '../../../support/shop.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const NOT_COUNTED = -1;

interface Stored {
  readonly sku: string;
  readonly model: string;
  readonly dimensions: number;
  readonly embedded_at: Date;
}

async function withItems(
  rows: number,
  embeddings: ConfigInput['embeddings'],
): Promise<{ shop: Shop; engine: Engine }> {
  const shop = await openShop(rows, { embeddings: { enabled: true, ...embeddings } });
  const engine = new Engine(shop.config, () => {});
  await engine.migrate([upsertPipeline]);
  return { shop, engine };
}

/** Puts items in as a pipeline does, without one. */
async function insertItems({ database }: Shop, from: number, to: number): Promise<void> {
  await database.pool.query(
    `INSERT INTO items (sku, name, metadata_version) SELECT 'sku' || i, 'Thing ' || i, 'v' FROM generate_series($1::int, $2::int) i`,
    [from, to],
  );
}

/** As the worker does at its start. */
async function migrate({ database }: Shop): Promise<void> {
  await using client = await connect({ url: database.url }, 'test');
  await migrateEmbeddings(client);
}

async function embeddingsOf({ database }: Shop): Promise<Map<string, Stored>> {
  const { rows } = await database.pool
    .query<Stored>('SELECT sku, model, dimensions, embedded_at FROM item_embeddings')
    .catch(() => ({ rows: [] as Stored[] }));
  return new Map(rows.map((row) => [row.sku, row]));
}

async function whileWorking(engine: Engine, act: () => Promise<void>): Promise<void> {
  engine.metrics.embeddingsStale.set(NOT_COUNTED);
  await during([(signal) => workOnEmbeddings(engine, signal)], act);
}

async function stale({ metrics }: Engine): Promise<number> {
  return (await metrics.embeddingsStale.get()).values[0]?.value ?? -1;
}

const endpoint = (api: EmbeddingsApi, more: object = {}) => ({
  endpoint: { url: api.url, model: 'letters', batchSize: 4, ...more },
});

describe('embeddings', () => {
  it('follow the source: a description renews its own one, a price none; the local model computes', async () => {
    const { shop, engine } = await withItems(6, {});
    await using _shop = shop;
    const { database, source } = shop;
    const tasks: Tasks = [
      (signal) => engine.capture(source, signal),
      (signal) => engine.consume(createUpsertPipeline(null), signal),
      (signal) => workOnEmbeddings(engine, signal),
    ];
    await during(tasks, async () => {
      await until(
        'all items are embedded',
        async () => (await embeddingsOf(shop)).size === 6 && (await stale(engine)) === 0,
      );
      const before = await embeddingsOf(shop);
      expect(before.get('sku1')).toMatchObject({
        model: 'universal-sentence-encoder-lite-en',
        dimensions: 512,
      });
      await database.pool.query(`UPDATE products SET price = price + 1`);
      await until(
        'the prices are there',
        async () => (await database.pool.query('SELECT FROM items WHERE price = 7')).rowCount === 1,
      );
      await database.pool.query(
        `UPDATE products SET description = 'A leather case for your phone' WHERE sku = 'sku3'`,
      );
      const renewed = async (): Promise<boolean> =>
        ((await embeddingsOf(shop)).get('sku3')?.embedded_at ?? new Date(0)) >
        (before.get('sku3')?.embedded_at ?? new Date());
      await until('the description is embedded', renewed);
      await until('nothing is stale', async () => (await stale(engine)) === 0);
      const after = await embeddingsOf(shop);
      const others = ['sku1', 'sku2', 'sku4', 'sku5', 'sku6'];
      expect(others.map((sku) => after.get(sku))).toEqual(others.map((sku) => before.get(sku)));
      await database.pool.query(`DELETE FROM products WHERE sku = 'sku1'`);
      await until('the embedding went with its item', async () => (await embeddingsOf(shop)).size === 5);
      await using folder = await temporaryFolder();
      const commands = await CommandLine.in(folder.path, shop);
      expect(await commands.json('search phone --limit 2')).toMatchObject({ items: [{ sku: 'sku3' }, {}] });
    });
  });

  it('come in batches, fresh changes before the backfill, and what was there before is found', async () => {
    await using api = await EmbeddingsApi.start();
    const { shop, engine } = await withItems(0, endpoint(api));
    await using _shop = shop;
    // From before the triggers.
    await insertItems(shop, 1, 12);
    let isHeld = true;
    api.statusOf = (texts) => {
      if (texts.includes('Changed')) isHeld = false;
      return isHeld && api.requests.length > 0 ? 503 : 200;
    };
    await whileWorking(engine, async () => {
      await until('the first batch is there', async () => (await embeddingsOf(shop)).size === 4);
      expect(await stale(engine)).toBeGreaterThan(0);
      await shop.database.pool.query(`UPDATE items SET name = 'Changed' WHERE sku IN ('sku1', 'sku12')`);
      await until(
        'all are there',
        async () => (await embeddingsOf(shop)).size === 12 && (await stale(engine)) === 0,
      );
    });
    expect(api.requests[1]?.slice(0, 2)).toEqual(['Changed', 'Changed']);
    expect(api.requests.every((texts) => texts.length <= 4)).toBe(true);
  });

  it('that are done are not done again; another model or age renews them', async () => {
    await using api = await EmbeddingsApi.start();
    const { shop, engine } = await withItems(0, endpoint(api));
    await using _shop = shop;
    await insertItems(shop, 1, 6);
    const all = (engine: Engine) => async (): Promise<void> => {
      await until(
        'all are there',
        async () => (await stale(engine)) === 0 && (await embeddingsOf(shop)).size === 6,
      );
    };
    await whileWorking(engine, all(engine));
    const requests = api.requests.length;
    const again = new Engine(shop.config, () => {});
    await whileWorking(again, all(again));
    expect(api.requests).toHaveLength(requests);
    await shop.database.pool.query(
      `UPDATE item_embeddings SET embedded_at = now() - interval '40 days' WHERE sku = 'sku2'`,
    );
    const aging = new Engine(withEmbeddings(shop.config, { maxAgeDays: 30 }), () => {});
    await whileWorking(aging, all(aging));
    expect(api.requests.slice(requests)).toEqual([['Thing 2']]);
    const { endpoint: asked } = shop.config.embeddings;
    if (asked === null) throw new Error('there is an endpoint');
    const other = new Engine(
      withEmbeddings(shop.config, { endpoint: { ...asked, model: 'newer' } }),
      () => {},
    );
    await whileWorking(other, async () => {
      const renewed = async (): Promise<boolean> =>
        [...(await embeddingsOf(shop)).values()].every(({ model }) => model === 'newer');
      await until('all are by the other model', renewed);
    });
  });

  it('of a text that changed while it was embedded are made once more; a single change shows in the metric', async () => {
    await using api = await EmbeddingsApi.start();
    const { shop, engine } = await withItems(0, endpoint(api));
    await using _shop = shop;
    await insertItems(shop, 1, 1);
    const told: number[] = [];
    api.statusOf = async (texts) => {
      told.push(await stale(engine));
      if (texts.includes('Thing 1')) await shop.database.pool.query(`UPDATE items SET name = 'Changed'`);
      return 200;
    };
    const embedded = async (text: string): Promise<void> =>
      until(
        `"${text}" is embedded`,
        async () => api.requests.flat().includes(text) && (await stale(engine)) === 0,
      );
    await whileWorking(engine, async () => {
      await embedded('Changed');
      await shop.database.pool.query(`UPDATE items SET name = 'Again'`);
      await embedded('Again');
    });
    expect(api.requests).toEqual([['Thing 1'], ['Changed'], ['Again']]);
    expect(told).toEqual([1, 1, 1]);
  });

  it('whose saving failed once are made at once all the same', async () => {
    await using api = await EmbeddingsApi.start();
    const { shop, engine } = await withItems(0, endpoint(api));
    await using _shop = shop;
    await insertItems(shop, 1, 3);
    await migrate(shop);
    await shop.database.pool.query(
      `CREATE SEQUENCE tries;
       CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF nextval('tries') = 1 THEN RAISE EXCEPTION 'a deadlock' USING ERRCODE = 'deadlock_detected'; END IF;
         RETURN NULL; END $$;
       CREATE TRIGGER fail_once AFTER INSERT ON item_embeddings FOR EACH STATEMENT EXECUTE FUNCTION fail_once()`,
    );
    await whileWorking(engine, () =>
      until('all are there', async () => (await embeddingsOf(shop)).size === 3),
    );
    expect(api.requests).toHaveLength(2);
  });

  it('of a text that changes while the old one is claimed are made anew', async () => {
    const { shop } = await withItems(0, {});
    await using _shop = shop;
    const { url, pool } = shop.database;
    await migrate(shop);
    await insertItems(shop, 1, 2);
    // The last one comes first; the other is changed between the claim's snapshot and its own turn.
    await pool.query(
      `CREATE FUNCTION hesitate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
       CREATE TRIGGER hesitate BEFORE UPDATE ON freshet.embedding_queue
         FOR EACH ROW WHEN (OLD.sku = 'sku2') EXECUTE FUNCTION hesitate()`,
    );
    await using targets = new AsyncDisposableStack();
    const target = targets.adopt(createTargetPool({ url }, 'test', TARGET_DEFAULTS), (each) => each.end());
    const store = new EmbeddingStore(target, 'real[]', { model: 'm', maxAgeDays: null });
    const blocker = await pool.connect();
    await blocker.query('SELECT pg_advisory_lock(4711)');
    const claiming = store.claim(4);
    await until('the claim hesitates', async () => {
      const { rowCount } = await pool.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return rowCount === 1;
    });
    await pool.query(`UPDATE items SET name = 'Changed' WHERE sku = 'sku1'`);
    await blocker.query('SELECT pg_advisory_unlock(4711)');
    blocker.release();
    const claimed = await claiming;
    expect(claimed.map(({ sku }) => sku).toSorted()).toEqual(['sku1', 'sku2']);
    await store.save(
      claimed,
      claimed.map(() => [1]),
    );
    const { rows } = await pool.query(
      `SELECT sku FROM items i JOIN item_embeddings e USING (sku)
        WHERE e.text_hash <> freshet.text_hash(freshet.item_text(i)) AND sku NOT IN (SELECT sku FROM freshet.embedding_queue)`,
    );
    expect(rows).toEqual([]);
  });

  it('of a text that the endpoint refuses are put off alone; one that answers nobody stops the work', async () => {
    await using api = await EmbeddingsApi.start();
    const { shop, engine } = await withItems(0, endpoint(api));
    await using _shop = shop;
    await insertItems(shop, 1, 8);
    api.statusOf = (texts) => (texts.includes('Thing 5') ? 400 : 200);
    await whileWorking(engine, async () => {
      await until(
        'the others are there',
        async () => (await embeddingsOf(shop)).size === 7 && (await stale(engine)) === 1,
      );
    });
    api.statusOf = () => 401;
    await shop.database.pool.query(`UPDATE items SET name = 'Changed' WHERE sku = 'sku1'`);
    await expect(
      workOnEmbeddings(new Engine(shop.config, () => {}), new AbortController().signal),
    ).rejects.toMatchObject({
      code: 'PREFLIGHT',
    });
  });
});

function withEmbeddings(config: Config, more: Partial<Config['embeddings']>): Config {
  return { ...config, embeddings: { ...config.embeddings, ...more } };
}
