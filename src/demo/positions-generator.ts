import type { Row, Value } from '../change/change.ts';
import { ItemRandom } from './item-random.ts';

export interface PositionsPlan {
  readonly results: number;
  readonly seed: number;
  /** Without dirt every result is complete, known and valid. Default true. */
  readonly dirt?: boolean;
}

const RESULTS_PER_BRAND = 2_000;
const COMPETITORS_PER_BRAND = 12;
const ROWS_PER_RESULT_MAX = 16n;
const BEYOND_DOUBLE = 2n ** 53n;
/** Rows of this many results lie among each other. */
const INTERLEAVED_RESULTS = 40;
const START_MS = Date.UTC(2025, 0, 1);
const MINUTE_MS = 60_000;

/** How often each kind of dirt comes, per result or per row of a competitor. */
const SHARE = {
  missingBrandRow: 0.01,
  duplicateBrandRow: 0.01,
  brokenMetadata: 0.01,
  missingTime: 0.003,
  wrongLabel: 0.003,
  bigIds: 0.02,
  unknownCompetitor: 0.03,
  duplicateCompetitorRow: 0.02,
  spacedName: 0.02,
  hugeArray: 0.001,
} as const;

const COLLECTORS = ['chatgpt', 'perplexity', 'gemini', 'google-ai-overview', 'copilot'] as const;
const TOPICS = [
  'running shoes',
  'wireless headphones',
  'Kaffeemaschinen',
  '電動自転車',
  'قهوة مختصة',
] as const;
/** Every brand has the first one: the same name is another competitor under another brand. */
const NAMES = [
  'Acme',
  'Northwind',
  'Globex',
  'Initech',
  'Škoda Káva',
  'Δέλτα',
  '株式会社ひかり',
  'Ромашка',
] as const;
const PRAISE = [
  'Easy to recommend.',
  'Hält, was es verspricht.',
  '値段の割にとても良い。',
  'Стоит своих денег.',
] as const;
const BLAME = [
  'Battery fades after "a week".',
  'Lieferung zu spät.',
  '説明書がわかりにくい。',
  'السعر مرتفع',
] as const;
const LABELS = ['POSITIVE', 'NEGATIVE', 'NEUTRAL'] as const;
const BROKEN_JSON = ['{"model": "x"', "{'model': 1}", 'undefined', ''] as const;

function brandCount({ results }: PositionsPlan): number {
  return Math.min(200, Math.max(2, Math.ceil(results / RESULTS_PER_BRAND)));
}

/** The rows of `brand_competitors` that the plan's results refer to. */
export function* generateCompetitors(plan: PositionsPlan): Generator<Row> {
  for (let brand = 1; brand <= brandCount(plan); brand++) {
    for (let n = 0; n < COMPETITORS_PER_BRAND; n++) {
      yield {
        competitor_id: competitorId(brand, n),
        brand_id: BigInt(brand),
        competitor_name: competitorName(brand, n),
      };
    }
  }
}

/**
 * Rows of `extracted_positions` in the order of arrival, about six a result. The same plan gives the same
 * rows.
 */
export function* generatePositions(plan: PositionsPlan): Generator<Row> {
  for (let start = 0; start < plan.results; start += INTERLEAVED_RESULTS) {
    const rows: Row[] = [];
    const end = Math.min(start + INTERLEAVED_RESULTS, plan.results);
    for (let n = start; n < end; n++) rows.push(...new ResultGenerator(plan, n).rows());
    yield* new ItemRandom(plan.seed, -start - 2).shuffle(rows);
  }
}

function competitorId(brand: number, n: number): bigint {
  const id = BigInt(brand * 1_000 + n);
  return brand === 2 ? BEYOND_DOUBLE + id : id;
}

function competitorName(brand: number, n: number): string {
  const name = NAMES[n % NAMES.length] ?? NAMES[0];
  return n === 0 ? name : `${name} ${brand}-${n}`;
}

/** The rows of one result. */
class ResultGenerator {
  readonly #random: ItemRandom;
  readonly #dirt: boolean;
  readonly #brand: number;
  readonly #shared: Row;
  #nextId: bigint;

  constructor(plan: PositionsPlan, n: number) {
    this.#random = new ItemRandom(plan.seed, n);
    this.#dirt = plan.dirt ?? true;
    this.#brand = this.#random.integer(1, brandCount(plan));
    const offset = this.#dirty(SHARE.bigIds) ? BEYOND_DOUBLE : 0n;
    this.#nextId = offset + BigInt(n) * ROWS_PER_RESULT_MAX + 1n;
    this.#shared = {
      collector_result_id: offset + BigInt(n) + 1n,
      brand_id: BigInt(this.#brand),
      customer_id: BigInt(1 + (this.#brand % 40)),
      query_id: BigInt(this.#random.integer(1, 5_000)),
      collector_type: this.#random.pick(COLLECTORS),
      topic: this.#random.chance(0.1) ? null : this.#random.pick(TOPICS),
      processed_at: this.#time(n),
      metadata: this.#metadata(n),
      brand_name: `Brand ${this.#brand}`,
    };
  }

  rows(): Row[] {
    const rows: Row[] = [];
    if (!this.#dirty(SHARE.missingBrandRow)) rows.push(this.#brandRow());
    if (this.#dirty(SHARE.duplicateBrandRow)) rows.push(this.#brandRow());
    const competitors = this.#random
      .shuffle(Array.from({ length: COMPETITORS_PER_BRAND }, (_, n) => n))
      .slice(0, 5);
    for (const n of competitors) {
      rows.push(this.#competitorRow(this.#nameOf(n)));
      if (this.#dirty(SHARE.duplicateCompetitorRow))
        rows.push(this.#competitorRow(competitorName(this.#brand, n)));
    }
    return rows;
  }

  #dirty(share: number): boolean {
    return this.#dirt && this.#random.chance(share);
  }

  #time(n: number): Value {
    const micros = String(this.#random.integer(0, 999_999)).padStart(6, '0');
    if (this.#dirty(SHARE.missingTime)) return null;
    return `${new Date(START_MS + n * MINUTE_MS).toISOString().slice(0, 19)}.${micros}Z`;
  }

  #metadata(n: number): Value {
    if (this.#random.chance(0.3)) return null;
    if (this.#dirty(SHARE.brokenMetadata)) return this.#random.pick(BROKEN_JSON);
    return JSON.stringify({
      run: n,
      model: this.#random.pick(['m-1', 'm-2', 'модель']),
      tokens: this.#random.integer(50, 4_000),
    });
  }

  #nameOf(n: number): string {
    if (this.#dirty(SHARE.unknownCompetitor)) return `Unlisted ${this.#random.integer(1, 50)}`;
    const name = competitorName(this.#brand, n);
    return this.#dirty(SHARE.spacedName) ? ` ${name}\t` : name;
  }

  #brandRow(): Row {
    const mentions = this.#mentions();
    const present = mentions > 0;
    return {
      ...this.#base(),
      competitor_name: this.#random.chance(0.9) ? null : '',
      visibility_index: this.#share(4),
      share_of_answers_brand: this.#share(6),
      total_brand_mentions: mentions,
      brand_first_position: present ? this.#random.integer(0, 9) : null,
      has_brand_presence: this.#random.chance(0.99) ? present : !present,
      ...this.#sentiment(''),
    };
  }

  #competitorRow(name: string): Row {
    const mentions = this.#mentions();
    return {
      ...this.#base(),
      competitor_name: name,
      visibility_index_competitor: this.#share(4),
      share_of_answers_competitor: this.#share(6),
      competitor_mentions: this.#random.chance(0.02) ? null : mentions,
      competitor_positions: this.#positions(mentions),
      ...this.#sentiment('_competitor'),
    };
  }

  #base(): Row {
    return { ...EMPTY, ...this.#shared, id: this.#nextId++ };
  }

  /** Most results do not name a brand at all. */
  #mentions(): number {
    return this.#random.chance(0.55) ? 0 : this.#random.integer(1, 12);
  }

  #share(digits: number): Value {
    return this.#random.chance(0.03) ? null : this.#random.next().toFixed(digits);
  }

  #positions(mentions: number): Value {
    if (this.#dirty(SHARE.hugeArray))
      return Array.from({ length: 1_000 }, () => this.#random.integer(0, 5_000));
    if (mentions === 0) return this.#random.chance(0.5) ? [] : null;
    return Array.from({ length: mentions }, () => this.#random.integer(0, 20));
  }

  #sentiment(suffix: '' | '_competitor'): Row {
    if (this.#random.chance(0.2)) return {};
    const label = this.#dirty(SHARE.wrongLabel) ? 'MIXED' : this.#random.pick(LABELS);
    const score = (this.#random.next() * 2 - 1).toFixed(3);
    return {
      [`sentiment_label${suffix}`]: this.#random.chance(0.03) ? null : label,
      [`sentiment_score${suffix}`]: this.#random.chance(0.03) ? null : score,
      [`sentiment_positive_sentences${suffix}`]: this.#sentences(PRAISE),
      [`sentiment_negative_sentences${suffix}`]: this.#sentences(BLAME),
    };
  }

  #sentences(pool: readonly [string, ...string[]]): Value {
    if (this.#random.chance(0.3)) return null;
    return JSON.stringify(Array.from({ length: this.#random.integer(0, 2) }, () => this.#random.pick(pool)));
  }
}

/** Columns in the order of the example source's table. */
export const POSITION_COLUMNS = [
  'id',
  'collector_result_id',
  'brand_id',
  'customer_id',
  'query_id',
  'collector_type',
  'topic',
  'processed_at',
  'metadata',
  'brand_name',
  'competitor_name',
  'visibility_index',
  'share_of_answers_brand',
  'total_brand_mentions',
  'brand_first_position',
  'has_brand_presence',
  'sentiment_label',
  'sentiment_score',
  'sentiment_positive_sentences',
  'sentiment_negative_sentences',
  'visibility_index_competitor',
  'share_of_answers_competitor',
  'competitor_mentions',
  'competitor_positions',
  'sentiment_label_competitor',
  'sentiment_score_competitor',
  'sentiment_positive_sentences_competitor',
  'sentiment_negative_sentences_competitor',
] as const;

export const COMPETITOR_COLUMNS = ['competitor_id', 'brand_id', 'competitor_name'] as const;

const EMPTY: Row = Object.fromEntries(POSITION_COLUMNS.map((column) => [column, null]));
