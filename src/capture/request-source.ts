import pg from 'pg';
import type { TableId } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import { connect, type PostgresConfig } from '../runtime/postgres.ts';
import type { KeyTexts } from '../snapshot/key-walk.ts';
import { quoteTable } from '../source/publication.ts';
import { type CatalogTable, readTable } from '../source/table-catalog.ts';
import { TypeCatalog } from '../source/type-catalog.ts';
import type { RequestSource } from './request-handler.ts';

interface PlanRow {
  readonly 'QUERY PLAN': readonly [{ readonly Plan: { readonly 'Plan Rows': number } }];
}

/** Asks the source on a read-only connection of its own: requests are rare. */
export class PostgresRequestSource implements RequestSource {
  readonly #connection: PostgresConfig;
  readonly #timeoutMs: number;

  constructor(connection: PostgresConfig, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  async estimate(table: TableId, where: string | null): Promise<number> {
    return this.#readOnly(async (client) => {
      const condition = where === null ? '' : ` WHERE (${where})`;
      const { rows } = await client.query<PlanRow>(
        `EXPLAIN (FORMAT JSON) SELECT FROM ${quoteTable(table)}${condition}`,
      );
      return rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
    });
  }

  async normalise(table: TableId, keys: readonly KeyTexts[]): Promise<KeyTexts[]> {
    return this.#readOnly(async (client) => {
      const catalog = await readTable(client, new TypeCatalog(), table);
      for (const key of keys) assertWidth(catalog, key);
      const values = keys.map((key) => `(${literals(catalog, key).join(', ')})`);
      // Raw text, in the form that the session's settings give rows.
      const types = { getTypeParser: () => (text: string) => text };
      const text = `SELECT * FROM (VALUES ${values.join(', ')}) AS keys`;
      const { rows } = await client.query<string[]>({ text, rowMode: 'array', types });
      return rows;
    });
  }

  async #readOnly<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    await using client = await connect(this.#connection, 'requests');
    await client.query(
      `SET default_transaction_read_only = on; SET statement_timeout = ${Math.floor(this.#timeoutMs)}`,
    );
    return await work(client);
  }
}

function literals({ keyTypes }: CatalogTable, key: KeyTexts): string[] {
  return key.map((text, i) => `${pg.escapeLiteral(text)}::${keyTypes[i] ?? 'text'}`);
}

function assertWidth({ schema, keyTypes }: CatalogTable, key: KeyTexts): void {
  if (key.length === keyTypes.length) return;
  const columns = schema.key.map((index) => schema.columns[index]?.name ?? '').join(', ');
  throw new FreshetError(
    'USAGE',
    `the key ${JSON.stringify(key)} has ${key.length} values, the table's key has ${keyTypes.length}: ${columns}`,
  );
}
