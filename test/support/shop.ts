import { randomUUID } from 'node:crypto';
import { type Config, parseConfig, resolveConfig, type SourceConfig } from '../../src/config.ts';
import type { ConfigInput } from '../../src/config-schema.ts';
import { createProducts } from '../../src/demo/source-tables.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { services } from './services.ts';

export interface Shop extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly config: Config;
  readonly source: SourceConfig;
}

/** A source with products, which is the target, too. */
export async function openShop(
  rows: number,
  more: ConfigInput = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Shop> {
  const database = await createDatabase();
  const client = await database.pool.connect();
  await createProducts(client);
  client.release();
  await database.pool.query(
    `INSERT INTO products (sku, name, price) SELECT 'sku' || i, 'Thing ' || i, i FROM generate_series(1, ${rows}) i`,
  );
  const name = `t${randomUUID().slice(0, 8)}`;
  const input: ConfigInput = {
    sources: [{ name, tables: ['public.products'], url: database.url }],
    target: { url: database.url },
    ...more,
  };
  const config = resolveConfig(parseConfig(input, 'test', env), env, services());
  const [source] = config.sources;
  if (source === undefined) throw new Error('the config has no source');
  return { database, config, source, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}
