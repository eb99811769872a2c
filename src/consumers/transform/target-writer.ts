import {
  DEPENDENT,
  type Dependent,
  readFactIds,
  readSurplus,
  type TargetName,
  withFactIds,
} from './fact-rows.ts';
import type { IdType } from './field.ts';
import type { Computed } from './result.ts';
import { sqlArray } from './sql-array.ts';
import type { SqlClient } from './sql-client.ts';
import { COPY_FROM_ROWS, type CopyCell, copyRows } from '../../sinks/copy-rows.ts';
import {
  columnsOf,
  insertStatement,
  replaceStatement,
  type TargetTable,
  type TargetTables,
  targetTables,
} from './target-tables.ts';

/** `insert`: none of the keys is there; `differences`: leave rows untouched that are the same already. */
type WriteMode = 'insert' | 'differences';

export interface TableWrites {
  inserted: number;
  updated: number;
  deleted: number;
  /** Rows that were there already as they should be. */
  unchanged: number;
}

export type Writes = Readonly<Record<TargetName, TableWrites>>;

export function noWrites(): Writes {
  const none = (): TableWrites => ({ inserted: 0, updated: 0, deleted: 0, unchanged: 0 });
  return {
    metric_facts: none(),
    brand_metrics: none(),
    competitor_metrics: none(),
    brand_sentiment: none(),
    competitor_sentiment: none(),
  };
}

/** Writes what differs between results and the five tables, within the caller's transaction and locks. */
export class TargetWriter {
  readonly #client: SqlClient;
  readonly #ids: IdType;
  readonly #tables: TargetTables;
  readonly #writes: Writes;
  /** metric_facts.id of results of which a row was written. */
  readonly #touched = new Set<string>();

  /** Counts in `writes`. */
  constructor(client: SqlClient, ids: IdType, writes: Writes) {
    this.#client = client;
    this.#ids = ids;
    this.#tables = targetTables(ids);
    this.#writes = writes;
  }

  /** Makes the tables hold exactly these results. Answers those of which a row was written. */
  async store(results: readonly Computed[]): Promise<string[]> {
    if (results.length === 0) return [];
    const stored = await readFactIds(
      this.#client,
      results.map(({ fact }) => fact.collectorResultId),
    );
    const [known, fresh]: [Computed[], Computed[]] = [[], []];
    for (const result of results) (stored.has(result.fact.collectorResultId) ? known : fresh).push(result);
    await this.#insert(fresh);
    await this.#replace(known, stored);
    const touched = [...stored].filter(([, fact]) => this.#touched.has(fact)).map(([result]) => result);
    return [...touched, ...fresh.map(({ fact }) => fact.collectorResultId)];
  }

  async #insert(results: readonly Computed[]): Promise<void> {
    if (results.length === 0) return;
    await this.#write(
      this.#tables.facts,
      'metric_facts',
      results.map(({ fact }) => fact),
      'insert',
    );
    const factIds = await readFactIds(
      this.#client,
      results.map(({ fact }) => fact.collectorResultId),
    );
    await this.#writeDependent(withFactIds(results, factIds), 'insert');
  }

  async #replace(results: readonly Computed[], factIds: ReadonlyMap<string, string>): Promise<void> {
    this.#touched.clear();
    if (results.length === 0) return;
    const facts = results.map(({ fact }) => fact);
    for (const result of await this.#write(this.#tables.facts, 'metric_facts', facts, 'differences')) {
      this.#touched.add(factIds.get(result) ?? '');
    }
    const dependent = withFactIds(results, factIds);
    await this.#removeVanished([...factIds.values()], dependent);
    await this.#writeDependent(dependent, 'differences');
  }

  /** Removes results with all that depends on them; explicitly, so that the rows of each table are counted. */
  async remove(collectorResultIds: readonly string[]): Promise<void> {
    if (collectorResultIds.length === 0) return;
    const facts = [...(await readFactIds(this.#client, collectorResultIds)).values()];
    if (facts.length === 0) return;
    for (const table of DEPENDENT) await this.#deleteFrom(table, 'metric_fact_id', facts);
    await this.#deleteFrom('metric_facts', 'id', facts);
  }

  async #deleteFrom(table: TargetName, column: string, facts: readonly string[]): Promise<void> {
    const { rows } = await this.#client.query<{ deleted: number }>(
      `WITH gone AS (DELETE FROM ${table} WHERE ${column} = ANY($1::bigint[]) RETURNING 1)
       SELECT count(*)::integer AS deleted FROM gone`,
      [sqlArray(facts)],
    );
    this.#writes[table].deleted += rows[0]?.deleted ?? 0;
  }

  async #writeDependent(rows: Dependent, mode: WriteMode): Promise<void> {
    const { brandMetrics, competitorMetrics, brandSentiment, competitorSentiment } = this.#tables;
    const touched = [
      await this.#write(brandMetrics, 'brand_metrics', rows.brandMetrics, mode),
      await this.#write(competitorMetrics, 'competitor_metrics', rows.competitorMetrics, mode),
      await this.#write(brandSentiment, 'brand_sentiment', rows.brandSentiments, mode),
      await this.#write(competitorSentiment, 'competitor_sentiment', rows.competitorSentiments, mode),
    ];
    for (const id of touched.flat()) this.#touched.add(id);
  }

  /** Answers the first key column of rows that were there and differed. */
  async #write<T>(
    table: TargetTable<T>,
    name: TargetName,
    rows: readonly T[],
    mode: WriteMode,
  ): Promise<readonly string[]> {
    if (rows.length === 0) return [];
    if (mode === 'differences') return this.#replaceRows(table, name, rows);
    this.#writes[name].inserted += await this.#insertRows(table, name, rows);
    return [];
  }

  async #insertRows<T>(table: TargetTable<T>, name: TargetName, rows: readonly T[]): Promise<number> {
    if (rows.length < COPY_FROM_ROWS) {
      const statement = insertStatement(table, rows);
      return (await this.#client.query({ name: this.#prepared('insert', name), ...statement })).rowCount ?? 0;
    }
    const columns = columnsOf(table);
    function* cells(): Generator<readonly CopyCell[]> {
      for (const row of rows) yield columns.map(({ value }) => value(row));
    }
    const names = columns.map((column) => column.name);
    return copyRows(this.#client, table.name, names, cells());
  }

  async #replaceRows<T>(
    table: TargetTable<T>,
    name: TargetName,
    rows: readonly T[],
  ): Promise<readonly string[]> {
    const answer = await this.#client.query<{ inserted: number; updated: number; keys: string[] }>({
      name: this.#prepared('replace', name),
      ...replaceStatement(table, rows),
    });
    const [{ inserted, updated, keys } = { inserted: 0, updated: 0, keys: [] }] = answer.rows;
    this.#writes[name].inserted += inserted;
    this.#writes[name].updated += updated;
    this.#writes[name].unchanged += rows.length - inserted - updated;
    return keys;
  }

  #prepared(what: string, name: TargetName): string {
    return `transform_${what}_${name}_${this.#ids}`;
  }

  /** Competitors and sentiments that the results had and no longer have. */
  async #removeVanished(facts: readonly string[], kept: Dependent): Promise<void> {
    const vanished = await readSurplus(this.#client, facts, kept);
    for (const table of DEPENDENT)
      await this.#removePairs(
        table,
        vanished.filter(({ name }) => name === table),
      );
  }

  async #removePairs(
    table: TargetName,
    pairs: readonly { fact: string; competitor: string }[],
  ): Promise<void> {
    if (pairs.length === 0) return;
    const facts = sqlArray(pairs.map(({ fact }) => fact));
    if (table === 'brand_sentiment') {
      await this.#client.query(`DELETE FROM ${table} WHERE metric_fact_id = ANY($1::bigint[])`, [facts]);
    } else {
      await this.#client.query(
        `DELETE FROM ${table} t USING unnest($1::bigint[], $2::text[]) AS p(fact, competitor)
         WHERE t.metric_fact_id = p.fact AND t.competitor_id::text = p.competitor`,
        [facts, sqlArray(pairs.map(({ competitor }) => competitor))],
      );
    }
    this.#writes[table].deleted += pairs.length;
    for (const { fact } of pairs) this.#touched.add(fact);
  }
}
