import { type PartialRow, UNAVAILABLE, type Value } from '../../change/change.ts';
import {
  type Field,
  type IdType,
  readBoolean,
  readFirstElement,
  readId,
  readInteger,
  readJsonList,
  readNumeric,
  readText,
  readTimestamp,
} from './field.ts';

/** A column whose value the target cannot hold. It breaks its result only if that result needs the row. */
export interface FieldProblem {
  readonly column: string;
  readonly reason: string;
}

interface Measures {
  /** Decimal text, as all ids here: exact beyond 2^53. */
  readonly id: string;
  readonly collectorResultId: string;
  /** `YYYY-MM-DDTHH:MM:SS.ffffffZ`; texts sort as times do. */
  readonly processedAt: string | null;
  readonly visibilityIndex: string | null;
  readonly shareOfAnswers: string | null;
  readonly mentions: number | null;
  readonly firstPosition: number | null;
  readonly label: string | null;
  readonly score: string | null;
  /** JSON texts, unchecked. */
  readonly positiveSentences: string | null;
  readonly negativeSentences: string | null;
  readonly problems: readonly FieldProblem[];
}

/** A row whose competitor_name is NULL or blank. */
export interface BrandPosition extends Measures {
  readonly kind: 'brand';
  readonly brandId: string | null;
  readonly customerId: string | null;
  readonly queryId: string | null;
  readonly collectorType: string | null;
  readonly topic: string | null;
  /** JSON text, unchecked. */
  readonly metadata: string | null;
  readonly hasPresence: boolean | null;
}

export interface CompetitorPosition extends Measures {
  readonly kind: 'competitor';
  /** Trimmed, never empty. */
  readonly name: string;
}

/** One row of `extracted_positions`, as far as its result needs it. */
export type ExtractedPosition = BrandPosition | CompetitorPosition;

export type ParsedPosition =
  | { readonly state: 'complete'; readonly position: ExtractedPosition }
  /** A needed column was not carried and is not known: the row has to be read again. */
  | { readonly state: 'incomplete'; readonly column: string }
  /** The row belongs to no result. */
  | { readonly state: 'rejected'; readonly reason: string };

export interface ParseOptions {
  readonly ids?: IdType;
  /** What is stored of the row: it gives the columns that the change did not carry. */
  readonly stored?: ExtractedPosition | undefined;
}

/**
 * Reads a decoded row. A broken field is kept as a problem of the position; only a row without an id or
 * a collector_result_id is rejected. A column that the table does not have reads as NULL.
 */
export function parsePosition(
  row: PartialRow,
  { ids = 'bigint', stored }: ParseOptions = {},
): ParsedPosition {
  const reader = new RowReader(row, stored);
  const id = reader.read('id', 'id', (value) => readId(value, 'bigint'));
  const result = reader.read('collector_result_id', 'collectorResultId', (value) => readId(value, 'bigint'));
  const name = nameOf(row, stored);
  if (name === undefined) return { state: 'incomplete', column: 'competitor_name' };
  if (reader.missing !== null) return { state: 'incomplete', column: reader.missing };
  if (id === null || result === null) return { state: 'rejected', reason: rejection(reader.problems) };
  const key = { id, collectorResultId: result };
  const position = name === '' ? readBrand(reader, key, ids) : readCompetitor(reader, key, name);
  if (reader.missing !== null) return { state: 'incomplete', column: reader.missing };
  return { state: 'complete', position };
}

function rejection(problems: readonly FieldProblem[]): string {
  const [first] = problems;
  return first === undefined ? 'id or collector_result_id is NULL' : `${first.column}: ${first.reason}`;
}

/** The trimmed name, '' for the brand row, undefined where it is not known. */
function nameOf(row: PartialRow, stored: ExtractedPosition | undefined): string | undefined {
  const value = row['competitor_name'] ?? null;
  if (value !== UNAVAILABLE) return value === null ? '' : String(value).trim();
  return stored?.kind === 'competitor' ? stored.name : undefined;
}

interface Key {
  readonly id: string;
  readonly collectorResultId: string;
}

function readBrand(reader: RowReader, key: Key, ids: IdType): BrandPosition {
  const id = (value: Value): Field<string | null> => readId(value, ids);
  return {
    kind: 'brand',
    ...key,
    processedAt: reader.read('processed_at', 'processedAt', readTimestamp),
    brandId: reader.read('brand_id', 'brandId', id),
    customerId: reader.read('customer_id', 'customerId', id),
    queryId: reader.read('query_id', 'queryId', id),
    collectorType: reader.read('collector_type', 'collectorType', readText),
    topic: reader.read('topic', 'topic', readText),
    metadata: reader.read('metadata', 'metadata', readText),
    visibilityIndex: reader.read('visibility_index', 'visibilityIndex', readNumeric),
    shareOfAnswers: reader.read('share_of_answers_brand', 'shareOfAnswers', readNumeric),
    mentions: reader.read('total_brand_mentions', 'mentions', readInteger),
    firstPosition: reader.read('brand_first_position', 'firstPosition', readInteger),
    hasPresence: reader.read('has_brand_presence', 'hasPresence', readBoolean),
    label: reader.read('sentiment_label', 'label', readText),
    score: reader.read('sentiment_score', 'score', readNumeric),
    positiveSentences: reader.read('sentiment_positive_sentences', 'positiveSentences', readJsonList),
    negativeSentences: reader.read('sentiment_negative_sentences', 'negativeSentences', readJsonList),
    problems: reader.problems,
  };
}

function readCompetitor(reader: RowReader, key: Key, name: string): CompetitorPosition {
  return {
    kind: 'competitor',
    ...key,
    name,
    processedAt: reader.read('processed_at', 'processedAt', readTimestamp),
    visibilityIndex: reader.read('visibility_index_competitor', 'visibilityIndex', readNumeric),
    shareOfAnswers: reader.read('share_of_answers_competitor', 'shareOfAnswers', readNumeric),
    mentions: reader.read('competitor_mentions', 'mentions', readInteger),
    firstPosition: reader.read('competitor_positions', 'firstPosition', readFirstElement),
    label: reader.read('sentiment_label_competitor', 'label', readText),
    score: reader.read('sentiment_score_competitor', 'score', readNumeric),
    positiveSentences: reader.read(
      'sentiment_positive_sentences_competitor',
      'positiveSentences',
      readJsonList,
    ),
    negativeSentences: reader.read(
      'sentiment_negative_sentences_competitor',
      'negativeSentences',
      readJsonList,
    ),
    problems: reader.problems,
  };
}

type BrandField = Exclude<keyof BrandPosition, 'kind' | 'problems'>;

/**
 * Reads columns one by one and gathers what is wrong. A column that was not carried comes from the stored
 * position, which has it under the same name only if it is a row of the same kind.
 */
class RowReader {
  readonly problems: FieldProblem[] = [];
  missing: string | null = null;
  readonly #row: PartialRow;
  readonly #stored: Readonly<Partial<Record<BrandField, unknown>>> | undefined;
  readonly #storedProblems: readonly FieldProblem[];

  constructor(row: PartialRow, stored: ExtractedPosition | undefined) {
    this.#row = row;
    this.#stored = storedFor(row, stored);
    this.#storedProblems = stored?.problems ?? [];
  }

  read<T extends string | number | boolean>(
    column: string,
    field: BrandField,
    parse: (value: Value) => Field<T | null>,
  ): T | null {
    const value = this.#row[column] ?? null;
    if (value === UNAVAILABLE) return this.#fromStored(column, field) as T | null;
    const parsed = parse(value);
    if ('value' in parsed) return parsed.value;
    this.problems.push({ column, reason: parsed.problem });
    return null;
  }

  /** The stored field was made by the same parser of the same column, so it has the type asked for. */
  #fromStored(column: string, field: BrandField): unknown {
    if (this.#stored === undefined) {
      this.missing ??= column;
      return null;
    }
    const problem = this.#storedProblems.find((each) => each.column === column);
    if (problem !== undefined) this.problems.push(problem);
    return this.#stored[field] ?? null;
  }
}

/** A brand row keeps nothing of the competitor's columns, and the other way round. */
function storedFor(row: PartialRow, stored: ExtractedPosition | undefined): ExtractedPosition | undefined {
  const name = nameOf(row, stored);
  if (stored === undefined || name === undefined) return undefined;
  return (name === '') === (stored.kind === 'brand') ? stored : undefined;
}
