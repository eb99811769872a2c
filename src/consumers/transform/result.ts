import { readJsonb } from './jsonb-text.ts';
import type { BrandPosition, CompetitorPosition, ExtractedPosition } from './position-row.ts';

/** Why a result has no rows in the target. */
export type ResultErrorCode =
  | 'NO_BRAND_ROW'
  | 'PROCESSED_AT_MISSING'
  | 'BRAND_ID_MISSING'
  | 'METADATA_INVALID'
  | 'LABEL_INVALID'
  | 'SENTENCES_INVALID'
  | 'FIELD_INVALID';

/** A row of `metric_facts`. Ids and numbers are PostgreSQL's text: nothing is rounded. */
export interface Fact {
  readonly collectorResultId: string;
  readonly brandId: string;
  readonly customerId: string | null;
  readonly queryId: string | null;
  readonly collectorType: string | null;
  readonly topic: string | null;
  readonly collectedAt: string;
  /** JSON text as it was stored. */
  readonly metadata: string | null;
}

export interface Metrics {
  readonly visibilityIndex: string | null;
  readonly shareOfAnswers: string | null;
  readonly totalMentions: number;
  readonly productMentions: number;
  readonly firstPosition: number | null;
  readonly hasPresence: boolean | null;
}

export interface Sentiment {
  readonly label: string | null;
  readonly score: string | null;
  /** JSON arrays as text. */
  readonly positiveSentences: string;
  readonly negativeSentences: string;
}

export type CompetitorMetrics = Metrics & { readonly competitorId: string };
export type CompetitorSentiment = Sentiment & { readonly competitorId: string };

/** What one collector result becomes. Competitors are in the order of their ids. */
export type ResultOutcome =
  | {
      readonly ok: true;
      readonly fact: Fact;
      readonly brandMetrics: Metrics;
      readonly competitorMetrics: readonly CompetitorMetrics[];
      readonly brandSentiment: Sentiment | null;
      readonly competitorSentiments: readonly CompetitorSentiment[];
      /** Trimmed names that the brand's competitors do not have, each once, sorted. */
      readonly unknownCompetitors: readonly string[];
    }
  | { readonly ok: false; readonly code: ResultErrorCode; readonly reason: string };

/** A result that can be stored. */
export type Computed = ResultOutcome & { readonly ok: true };

/** The competitor of a brand that has exactly this (trimmed) name. */
export type CompetitorLookup = (brandId: string, name: string) => string | undefined;

const LABELS: ReadonlySet<string> = new Set(['POSITIVE', 'NEGATIVE', 'NEUTRAL']);

/**
 * Computes a result from all its rows, in whatever order they are. A row that loses against a newer one,
 * or whose competitor is not known, contributes nothing and therefore breaks nothing. docs/transform.md
 * has every rule.
 */
export function computeResult(
  rows: readonly ExtractedPosition[],
  competitors: CompetitorLookup,
): ResultOutcome {
  try {
    return compute(rows, competitors);
  } catch (error) {
    if (error instanceof ResultError) return { ok: false, code: error.code, reason: error.message };
    throw error;
  }
}

/** The row that speaks for the result's brand. */
export function brandRowOf(rows: readonly ExtractedPosition[]): BrandPosition | undefined {
  let newest: BrandPosition | undefined;
  for (const row of rows) {
    if (row.kind === 'brand' && (newest === undefined || isNewer(row, newest))) newest = row;
  }
  return newest;
}

/** Greatest processed_at, then greatest id; a row without processed_at loses against one that has it. */
function isNewer(a: ExtractedPosition, b: ExtractedPosition): boolean {
  const [left, right] = [a.processedAt ?? '', b.processedAt ?? ''];
  return left === right ? compareIds(a.id, b.id) > 0 : left > right;
}

/**
 * Decimal texts, as all whole-number ids are written here, by value; any others in some fixed order.
 * Comparing lengths first spares making two bigints.
 */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  const [negative, otherNegative] = [a.startsWith('-'), b.startsWith('-')];
  if (negative !== otherNegative) return negative ? -1 : 1;
  const smaller = a.length === b.length ? a < b : a.length < b.length;
  return smaller === negative ? 1 : -1;
}

class ResultError extends Error {
  readonly code: ResultErrorCode;

  constructor(code: ResultErrorCode, reason: string) {
    super(reason);
    this.code = code;
  }
}

function compute(rows: readonly ExtractedPosition[], competitors: CompetitorLookup): ResultOutcome {
  const brand = brandRowOf(rows);
  if (brand === undefined) {
    throw new ResultError('NO_BRAND_ROW', 'none of its rows has an empty competitor_name');
  }
  const fact = toFact(brand);
  const brandSentiment = toSentiment(brand);
  const { known, unknown } = matchCompetitors(rows, (name) => competitors(fact.brandId, name));
  const competitorMetrics: CompetitorMetrics[] = [];
  const competitorSentiments: CompetitorSentiment[] = [];
  for (const [competitorId, row] of known) {
    refuseProblems(row);
    competitorMetrics.push({ competitorId, ...toMetrics(row, (row.mentions ?? 0) > 0) });
    const sentiment = toSentiment(row);
    if (sentiment !== null) competitorSentiments.push({ competitorId, ...sentiment });
  }
  const brandMetrics = toMetrics(brand, brand.hasPresence);
  return {
    ok: true,
    fact,
    brandMetrics,
    competitorMetrics,
    brandSentiment,
    competitorSentiments,
    unknownCompetitors: unknown,
  };
}

/** Two names of one competitor are the same thing: the newest of their rows wins. */
function matchCompetitors(
  rows: readonly ExtractedPosition[],
  idOf: (name: string) => string | undefined,
): { known: [string, CompetitorPosition][]; unknown: string[] } {
  const winners = new Map<string, CompetitorPosition>();
  const unknown = new Set<string>();
  for (const row of rows) {
    if (row.kind !== 'competitor') continue;
    const id = idOf(row.name);
    const winner = id === undefined ? undefined : winners.get(id);
    if (id === undefined) unknown.add(row.name);
    else if (winner === undefined || isNewer(row, winner)) winners.set(id, row);
  }
  return { known: [...winners].toSorted(([a], [b]) => compareIds(a, b)), unknown: [...unknown].toSorted() };
}

function toFact(brand: BrandPosition): Fact {
  refuseProblems(brand);
  if (brand.processedAt === null) {
    throw new ResultError('PROCESSED_AT_MISSING', `row ${brand.id}: processed_at is NULL`);
  }
  if (brand.brandId === null) throw new ResultError('BRAND_ID_MISSING', `row ${brand.id}: brand_id is NULL`);
  if (brand.metadata !== null) {
    const metadata = readJsonb(brand.metadata);
    if (!metadata.ok)
      throw new ResultError('METADATA_INVALID', `row ${brand.id}: metadata ${metadata.reason}`);
  }
  return {
    collectorResultId: brand.collectorResultId,
    brandId: brand.brandId,
    customerId: brand.customerId,
    queryId: brand.queryId,
    collectorType: brand.collectorType,
    topic: brand.topic,
    collectedAt: brand.processedAt,
    metadata: brand.metadata,
  };
}

function toMetrics(row: ExtractedPosition, hasPresence: boolean | null): Metrics {
  return {
    visibilityIndex: row.visibilityIndex,
    shareOfAnswers: row.shareOfAnswers,
    totalMentions: row.mentions ?? 0,
    productMentions: row.mentions ?? 0,
    firstPosition: row.firstPosition,
    hasPresence,
  };
}

function toSentiment(row: ExtractedPosition): Sentiment | null {
  if (row.label === null && row.score === null) return null;
  if (row.label !== null && !LABELS.has(row.label)) {
    throw new ResultError(
      'LABEL_INVALID',
      `row ${row.id}: ${JSON.stringify(row.label)} is no sentiment label`,
    );
  }
  return {
    label: row.label,
    score: row.score,
    positiveSentences: toList(row, row.positiveSentences),
    negativeSentences: toList(row, row.negativeSentences),
  };
}

function toList(row: ExtractedPosition, text: string | null): string {
  if (text === null) return '[]';
  const list = readJsonb(text);
  if (list.ok && list.value === null) return '[]';
  if (list.ok && Array.isArray(list.value)) return text;
  const reason = list.ok ? 'is no JSON array' : list.reason;
  throw new ResultError('SENTENCES_INVALID', `row ${row.id}: a list of sentences ${reason}`);
}

function refuseProblems(row: ExtractedPosition): void {
  const [problem] = row.problems;
  if (problem !== undefined) {
    throw new ResultError('FIELD_INVALID', `row ${row.id}: ${problem.column}: ${problem.reason}`);
  }
}
