import { DEPENDENT, readFactIds, readSurplus, type TargetName, withFactIds } from './fact-rows.ts';
import type { IdType } from './field.ts';
import type { Computed } from './result.ts';
import type { SqlClient } from './sql-client.ts';
import { differenceStatement, type TargetTable, targetTables } from './target-tables.ts';

interface TableDifference {
  /** Rows that the table lacks. */
  missing: number;
  /** Rows that it holds otherwise. */
  different: number;
  /** Rows that it ought not to hold. */
  surplus: number;
}

export interface Comparison {
  readonly tables: Readonly<Record<TargetName, TableDifference>>;
  /** collector_result_id of each result with a difference. */
  readonly results: ReadonlySet<string>;
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
): Promise<Comparison> {
  const comparer = new Comparer(client, await readFactIds(client, asked));
  const tables = targetTables(ids);
  const stored = computed.filter(({ fact }) => comparer.hasFact(fact.collectorResultId));
  const dependent = withFactIds(stored, comparer.factIds);
  await comparer.compare('metric_facts', tables.facts, computed.map(({ fact }) => fact));
  await comparer.compare('brand_metrics', tables.brandMetrics, dependent.brandMetrics);
  await comparer.compare('competitor_metrics', tables.competitorMetrics, dependent.competitorMetrics);
  await comparer.compare('brand_sentiment', tables.brandSentiment, dependent.brandSentiments);
  await comparer.compare('competitor_sentiment', tables.competitorSentiment, dependent.competitorSentiments);
  for (const result of computed) if (!comparer.hasFact(result.fact.collectorResultId)) comparer.allMissing(result);
  comparer.surplus('metric_facts', surplusFacts(comparer.factIds, computed));
  for (const { name, fact } of await readSurplus(client, [...comparer.factIds.values()], dependent))
    comparer.surplus(name, [fact]);
  return comparer.comparison;
}

function surplusFacts(factIds: ReadonlyMap<string, string>, computed: readonly Computed[]): string[] {
  const wanted = new Set(computed.map(({ fact }) => fact.collectorResultId));
  return [...factIds].filter(([result]) => !wanted.has(result)).map(([, fact]) => fact);
}

class Comparer {
  readonly factIds: ReadonlyMap<string, string>;
  readonly #client: SqlClient;
  readonly #resultOf: ReadonlyMap<string, string>;
  readonly #tables: Record<TargetName, TableDifference>;
  readonly #results = new Set<string>();

  constructor(client: SqlClient, factIds: ReadonlyMap<string, string>) {
    this.#client = client;
    this.factIds = factIds;
    this.#resultOf = new Map([...factIds].map(([result, fact]) => [fact, result]));
    this.#tables = noDifferences();
  }

  get comparison(): Comparison {
    return { tables: this.#tables, results: this.#results };
  }

  hasFact(result: string): boolean {
    return this.factIds.has(result);
  }

  async compare<T>(name: TargetName, table: TargetTable<T>, rows: readonly T[]): Promise<void> {
    if (rows.length === 0) return;
    const found = await this.#client.query<{ key: string; missing: boolean }>(differenceStatement(table, rows));
    for (const { key, missing } of found.rows) {
      this.#tables[name][missing ? 'missing' : 'different'] += 1;
      this.#results.add(name === 'metric_facts' ? key : (this.#resultOf.get(key) ?? key));
    }
  }

  /** What hangs on a fact that is not there. */
  allMissing({ competitorMetrics, brandSentiment, competitorSentiments }: Computed): void {
    this.#tables.brand_metrics.missing += 1;
    this.#tables.competitor_metrics.missing += competitorMetrics.length;
    this.#tables.brand_sentiment.missing += brandSentiment === null ? 0 : 1;
    this.#tables.competitor_sentiment.missing += competitorSentiments.length;
  }

  surplus(name: TargetName, facts: readonly string[]): void {
    this.#tables[name].surplus += facts.length;
    for (const fact of facts) this.#results.add(this.#resultOf.get(fact) ?? fact);
  }
}

export function noDifferences(): Record<TargetName, TableDifference> {
  const none = (): TableDifference => ({ missing: 0, different: 0, surplus: 0 });
  const dependent = DEPENDENT.map((name) => [name, none()] as const);
  return { metric_facts: none(), ...(Object.fromEntries(dependent) as Record<(typeof DEPENDENT)[number], TableDifference>) };
}
