import type { ClientBase } from 'pg';
import { textArray } from '../../sinks/array-parameter.ts';
import { CLASSIFIER_VERSION } from './classifier.ts';
import type { PageTypeValue } from './judge.ts';
import { assertResult, type ClassifyTables, quoteName, type UrlTypes } from './tables.ts';
import { CLASSIFIER_SOURCE, type UrlRow } from './url-row.ts';

/** A judgement, and the row that it was made of. */
export interface JudgedUrl {
  readonly row: UrlRow;
  readonly value: PageTypeValue;
}

/** Rows of one statement. */
const ROWS = 2_000;

/** Writes page types back. The SQL is made for the table's own types. */
export class UrlWriter {
  readonly #update: string;

  /** Throws PREFLIGHT where a column of the result is missing. */
  constructor(tables: ClassifyTables, types: UrlTypes) {
    assertResult(tables, types);
    this.#update = updateStatement(quoteName(tables.urls), types);
  }

  /**
   * Writes what differs, and gives the ids of the rows that it changed. A row is left alone that has a
   * person's value by now, and one whose URL or title is not the judged one any more: its newer change is
   * still to come.
   */
  async write(client: ClientBase, judged: readonly JudgedUrl[], rows = ROWS): Promise<Set<string>> {
    const written = new Set<string>();
    // In the order of ids: writers of the same rows wait for each other instead of locking each other out.
    const sorted = judged.toSorted((a, b) => (a.row.id < b.row.id ? -1 : 1));
    for (let at = 0; at < sorted.length; at += rows) {
      const some = sorted.slice(at, at + rows);
      const result = await client.query<{ id: string }>(this.#update, parameters(some));
      for (const { id } of result.rows) written.add(id);
    }
    return written;
  }
}

function updateStatement(urls: string, types: UrlTypes): string {
  const columns = [
    ['page_type', 'v.type'],
    ['page_type_source', `'${CLASSIFIER_SOURCE}'`],
    ['page_type_version', `'${CLASSIFIER_VERSION}'`],
    ['page_type_confidence', 'v.confidence'],
    ['page_type_rule', 'v.rule'],
    ['page_type_inputs', 'v.inputs'],
  ] as const;
  const set = columns.map(([name, value]) => `${name} = ${value}::${types[name]}`);
  const have = columns.map(([name]) => `u.${name}`);
  const want = columns.map(([name, value]) => `${value}::${types[name]}`);
  return `UPDATE ${urls} AS u SET ${set.join(', ')}
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
      AS v(id, url, title, type, confidence, rule, inputs)
    WHERE u.id = v.id::${types.id}
      AND u.url::text IS NOT DISTINCT FROM v.url AND u.title::text IS NOT DISTINCT FROM v.title
      AND (u.page_type IS NULL OR u.page_type_source = '${CLASSIFIER_SOURCE}')
      AND (${have.join(', ')}) IS DISTINCT FROM (${want.join(', ')})
    RETURNING u.id::text AS id`;
}

function parameters(judged: readonly JudgedUrl[]): string[] {
  return [
    textArray(judged.map(({ row }) => row.id)),
    textArray(judged.map(({ row }) => row.url)),
    textArray(judged.map(({ row }) => row.title)),
    textArray(judged.map(({ value }) => value.type)),
    textArray(judged.map(({ value }) => String(value.confidence))),
    textArray(judged.map(({ value }) => value.rule)),
    textArray(judged.map(({ value }) => value.inputs)),
  ];
}
