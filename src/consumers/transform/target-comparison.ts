import { readFactIds, readSurplus, type TargetName, withFactIds } from './fact-rows.ts';
import type { IdType } from './field.ts';
import type { Computed } from './result.ts';
import type { SqlClient } from './sql-client.ts';
import { differenceStatement, type TargetTable, targetTables } from './target-tables.ts';

/** A row that the target lacks, holds otherwise, or ought not to hold. */
export interface Difference {
  readonly collectorResultId: string;
  readonly table: TargetName;
  readonly kind: 'missing' | 'different' | 'surplus';
}

/**
 * Compares results as they ought to be with the five tables, and writes nothing. `asked`: every result that
 * was looked at, those without rows in the target (errors) among them.
 */
export async function compareResults(
  client: SqlClient,
  ids: IdType,
  asked: readonly string[],
  computed: readonly Computed[],
): Promise<readonly Difference[]> {
  const comparer = new Comparer(client, await readFactIds(client, asked));
  const { factIds } = comparer;
  const tables = targetTables(ids);
  const dependent = withFactIds(computed, factIds);
  const facts = computed.map(({ fact }) => fact);
  await comparer.compare('metric_facts', tables.facts, facts);
  await comparer.compare('brand_metrics', tables.brandMetrics, dependent.brandMetrics);
  await comparer.compare('competitor_metrics', tables.competitorMetrics, dependent.competitorMetrics);
  await comparer.compare('brand_sentiment', tables.brandSentiment, dependent.brandSentiments);
  await comparer.compare('competitor_sentiment', tables.competitorSentiment, dependent.competitorSentiments);
  const withoutFact = computed.filter(({ fact }) => !factIds.has(fact.collectorResultId));
  const wanted = new Set(facts.map(({ collectorResultId }) => collectorResultId));
  const surplusFacts = [...factIds.keys()].filter((result) => !wanted.has(result));
  const surplus = await readSurplus(client, [...factIds.values()], dependent);
  return [
    ...comparer.differences,
    ...missingRows(withoutFact).filter(({ table }) => table !== 'metric_facts'),
    ...surplusFacts.map((id): Difference => ({
      collectorResultId: id,
      table: 'metric_facts',
      kind: 'surplus',
    })),
    ...surplus.map(({ name, fact }) => comparer.difference(name, fact, 'surplus')),
  ];
}

/** Every row of the results. */
export function missingRows(results: readonly Computed[]): Difference[] {
  return results.flatMap(({ fact, competitorMetrics, brandSentiment, competitorSentiments }) => {
    const { collectorResultId } = fact;
    const missing = (table: TargetName): Difference => ({ collectorResultId, table, kind: 'missing' });
    return [
      missing('metric_facts'),
      missing('brand_metrics'),
      ...competitorMetrics.map(() => missing('competitor_metrics')),
      ...(brandSentiment === null ? [] : [missing('brand_sentiment')]),
      ...competitorSentiments.map(() => missing('competitor_sentiment')),
    ];
  });
}

class Comparer {
  readonly differences: Difference[] = [];
  readonly factIds: ReadonlyMap<string, string>;
  readonly #client: SqlClient;
  readonly #resultOf: ReadonlyMap<string, string>;

  constructor(client: SqlClient, factIds: ReadonlyMap<string, string>) {
    this.#client = client;
    this.factIds = factIds;
    this.#resultOf = new Map([...factIds].map(([result, fact]) => [fact, result]));
  }

  async compare<T>(name: TargetName, table: TargetTable<T>, rows: readonly T[]): Promise<void> {
    if (rows.length === 0) return;
    const found = await this.#client.query<{ key: string; missing: boolean }>(
      differenceStatement(table, rows),
    );
    for (const { key, missing } of found.rows) {
      const kind = missing ? 'missing' : 'different';
      this.differences.push(
        name === 'metric_facts'
          ? { collectorResultId: key, table: name, kind }
          : this.difference(name, key, kind),
      );
    }
  }

  difference(table: TargetName, fact: string, kind: Difference['kind']): Difference {
    return { collectorResultId: this.#resultOf.get(fact) ?? '', table, kind };
  }
}
