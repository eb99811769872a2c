import { hash } from 'node:crypto';
import { CLASSIFIER_VERSION, PageTypeClassifier } from './classifier.ts';
import type { DirectoryMatcher, PatternMatch } from './directory-patterns.ts';
import type { PageType } from './page-types.ts';
import { urlParts } from './url-parts.ts';
import { CLASSIFIER_SOURCE, type UrlRow } from './url-row.ts';

/** What the classifier writes into a row; its source and version go without saying. */
export interface PageTypeValue {
  readonly type: PageType;
  /** 0 … 1, three decimals. */
  readonly confidence: number;
  readonly rule: string;
  /** Hash of what the judgement rests on: URL, title, and the directory pattern that fits. */
  readonly inputs: string;
}

/**
 * `kept`: a person's or an import's value. `unchanged`: this version gave the row's value to the same
 * inputs. `judged`: what the row should hold; it may hold it already.
 */
export type Judgement =
  | { readonly kind: 'kept' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'judged'; readonly value: PageTypeValue };

/** The rule of a URL that cannot be parsed. Its row gets `other` with confidence 0, and is reported. */
export const INVALID_RULE = 'invalid-url';
/** Judgements of less confidence are guesses. */
export const LOW_CONFIDENCE = 0.5;
const INPUT_DIGITS = 16;

/** Decides for single rows. Pure, and not re-entrant across threads. */
export class UrlJudge {
  readonly #classifier = new PageTypeClassifier();

  /** `anew`: rows that this version has judged are judged again. */
  judge(row: UrlRow, patterns: DirectoryMatcher | undefined, anew: boolean): Judgement {
    if (isKept(row)) return { kind: 'kept' };
    const match = matchOf(row, patterns);
    const inputs = inputsOf(row, match);
    const known =
      row.page_type !== null &&
      row.page_type_version === CLASSIFIER_VERSION &&
      row.page_type_inputs === inputs;
    if (known && !anew) return { kind: 'unchanged' };
    return { kind: 'judged', value: { ...this.#decide(row, match), inputs } };
  }

  #decide({ url, title }: UrlRow, match: PatternMatch | undefined): Omit<PageTypeValue, 'inputs'> {
    if (match !== undefined) return { type: match.type, confidence: 1, rule: `pattern:${match.pattern}` };
    const result = this.#classifier.classify({ url: url ?? '', title });
    if (result.kind === 'invalid') return { type: 'other', confidence: 0, rule: INVALID_RULE };
    const { type, confidence, rule } = result;
    return { type, confidence, rule };
  }
}

/** A value without a source is not known to be the classifier's: it is kept. */
function isKept({ page_type: type, page_type_source: source }: UrlRow): boolean {
  return type !== null && source !== CLASSIFIER_SOURCE;
}

function matchOf({ url }: UrlRow, patterns: DirectoryMatcher | undefined): PatternMatch | undefined {
  if (patterns === undefined || patterns.size === 0 || url === null) return undefined;
  const parts = urlParts(url);
  return parts === null ? undefined : patterns.match(parts.path);
}

function inputsOf({ url, title }: UrlRow, match: PatternMatch | undefined): string {
  const pattern = match === undefined ? '' : `${match.type} ${match.pattern}`;
  return hash('sha1', `${url ?? ''}\n${title ?? ''}\n${pattern}`).slice(0, INPUT_DIGITS);
}
