import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Engine } from '../../src/cli/engine.ts';
import { definePipeline, sourceTable } from '../../src/consumers/define-pipeline.ts';
import { until } from '../support/capture.ts';
import { during, type Tasks } from '../support/during.ts';
import { openShop } from '../support/shop.ts';

/** Writes names in capitals back into the table that it reads. */
const shouting = definePipeline({
  name: 'shouting',
  sources: {
    products: sourceTable('public.products', z.object({ sku: z.string(), name: z.string().nullable() })),
  },
  targets: [],
  writesBack: true,
  apply: async ({ client, changes }) => {
    const skus = changes.filter((change) => change.kind === 'upsert').map((change) => change.row.sku);
    await client.query(
      'UPDATE products SET name = upper(name) WHERE sku = ANY ($1::text[]) AND name <> upper(name)',
      [`{${skus.join(',')}}`],
    );
    return { counts: [] };
  },
});

describe('a pipeline that writes back to its own source', () => {
  it('settles: each row comes once more, and is written no more', async () => {
    await using shop = await openShop(200);
    const { pool } = shop.database;
    const engine = new Engine(shop.config, () => {});
    await engine.migrate([shouting]);
    const tasks: Tasks = [
      (signal) => engine.capture(shop.source, signal),
      (signal) => engine.consume(shouting, signal),
    ];
    const quiet = async (): Promise<number> => {
      const { rows } = await pool.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM products WHERE name <> upper(name)',
      );
      return rows[0]?.n ?? -1;
    };
    await during(tasks, async () => {
      await until('every name is loud', async () => (await quiet()) === 0);
      const live = engine.status.source(shop.source.name);
      // Each row as it was read, and as it was written; some are read after they were written.
      await until('its own writes have come back', () => engine.status.pipeline('shouting').applied >= 200);
      await pool.query(`UPDATE products SET name = 'louder' WHERE sku = 'sku1'`);
      await until('the change is answered', async () => (await quiet()) === 0);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const published = live.published;
      expect(published).toBeLessThanOrEqual(402);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(live.published).toBe(published);
    });
  });
});
