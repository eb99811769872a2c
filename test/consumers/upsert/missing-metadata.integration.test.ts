import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/cli/engine.ts';
import { migrateEmbeddings } from '../../../src/consumers/upsert/embeddings/embedding-tables.ts';
import { missingMetadata } from '../../../src/consumers/upsert/missing-metadata.ts';
import { upsertPipeline } from '../../../src/consumers/upsert/pipeline.ts';
import { connect } from '../../../src/runtime/postgres.ts';
import { openShop, type Shop } from '../../support/shop.ts';

/** What one count tells: field → "missing of all". */
async function counted({ config: { target } }: Shop): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const problems: string[] = [];
  const stop = new AbortController();
  const context = {
    target,
    writes: () => 0,
    viewAge: () => {},
    unresolved: () => {},
    missing: (field: string, rows: number, of: number) => {
      found[field] = `${rows} of ${of}`;
      stop.abort();
    },
    log: (_level: string, message: string) => {
      problems.push(message);
      stop.abort();
    },
  };
  await missingMetadata(context, stop.signal);
  expect(problems).toEqual([]);
  return found;
}

describe('what items lack', () => {
  it('is told beside how many there are, and of embeddings where somebody asked for them', async () => {
    await using shop = await openShop(0);
    await new Engine(shop.config, () => {}).migrate([upsertPipeline]);
    await shop.database.pool.query(
      `INSERT INTO items (sku, name, brand, category, description, metadata_version) VALUES
       ('a', 'A', 'Ada', 'Lamps', 'Bright', 'v'), ('b', 'B', NULL, 'Lamps', NULL, 'v'), ('c', 'C', NULL, NULL, NULL, 'v')`,
    );
    const metadata = {
      brand: '2 of 3',
      category: '1 of 3',
      description: '2 of 3',
      image_url: '3 of 3',
    };
    expect(await counted(shop)).toEqual(metadata);
    await using client = await connect(shop.config.target, 'test');
    await migrateEmbeddings(client);
    await client.query(
      `INSERT INTO item_embeddings (sku, embedding, model, dimensions, text_hash) VALUES ('a', '{1}', 'm', 1, 'h')`,
    );
    expect(await counted(shop)).toEqual({ ...metadata, embedding: '2 of 3' });
  });
});
