import type { ClientBase } from 'pg';
import { textArray } from '../../sinks/array-parameter.ts';
import { type ClassifyTables, quoteName, type UrlTypes } from './tables.ts';
import { type UrlRow, urlRow } from './url-row.ts';

/** Reads rows of `urls`, also of a table that lacks columns of the result: those are NULL then. */
export class UrlReader {
  readonly #types: UrlTypes;
  readonly #urls: string;
  readonly #selected: string;

  constructor(tables: ClassifyTables, types: UrlTypes) {
    this.#types = types;
    this.#urls = quoteName(tables.urls);
    this.#selected = Object.keys(urlRow.shape)
      .map((name) => `${name in types ? `u.${name}` : 'NULL'}::text AS ${name}`)
      .join(', ');
  }

  /** The rows of some ids as they are now. */
  async read(client: ClientBase, ids: readonly string[]): Promise<UrlRow[]> {
    if (ids.length === 0) return [];
    const sql = `SELECT ${this.#selected} FROM unnest($1::text[]) AS wanted(id)
      JOIN ${this.#urls} AS u ON u.id = wanted.id::${this.#types.id}`;
    return (await client.query<UrlRow>(sql, [textArray(ids)])).rows;
  }

  /** All rows, or an account's, in pages of at most `size`, in the order of ids. */
  async *pages(client: ClientBase, account: string | null, size: number): AsyncGenerator<UrlRow[]> {
    const { id, account_id: owner } = this.#types;
    const ofAccount = account === null ? '' : `AND u.account_id = $3::text::${owner}`;
    const page = `SELECT ${this.#selected} FROM ${this.#urls} AS u
      WHERE ($1::text IS NULL OR u.id > $1::text::${id}) ${ofAccount} ORDER BY u.id LIMIT $2`;
    for (let after: string | null = null; ;) {
      const values: unknown[] = account === null ? [after, size] : [after, size, account];
      const { rows } = await client.query<UrlRow>(page, values);
      if (rows.length > 0) yield rows;
      after = rows.at(-1)?.id ?? null;
      if (rows.length < size) return;
    }
  }
}
