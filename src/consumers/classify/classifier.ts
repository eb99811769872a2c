import { createHash } from 'node:crypto';
import type { DirectoryMatcher } from './directory-patterns.ts';
import { gatherEvidence } from './evidence.ts';
import { PAGE_TYPES, type PageType, pageTypeIndex } from './page-types.ts';
import { priorWeights, SignalSet, signalCount, signalName } from './signals.ts';
import { TOPICS } from './tokens/index-of-topics.ts';
import { urlParts } from './url-parts.ts';

export interface PageInput {
  readonly url: string;
  /** Unknown where null, absent or empty. */
  readonly title?: string | null;
}

export interface Classified {
  readonly kind: 'classified';
  readonly type: PageType;
  /** 0 … 1: the type's share of the evidence (softmax); 1 where a directory pattern decided. */
  readonly confidence: number;
  /** What decided: "pattern:/blog/*", or the strongest signal for the type, such as "page:privacy". */
  readonly rule: string;
}

interface Unclassifiable {
  readonly kind: 'invalid';
  readonly code: 'URL_INVALID';
  /** Names field, value and cure. */
  readonly message: string;
}

export type Classification = Classified | Unclassifiable;

/** Raise by one with every change of the rules' code; changes of their tables change the hash by themselves. */
const RULES_REVISION = 2;
/** A type whose votes add up to less than this has nothing to stand on. */
const LEAST_EVIDENCE = 0.5;
const NO_EVIDENCE_CONFIDENCE = 0.1;
const MAX_SHOWN_URL = 200;
const TYPE_COUNT = PAGE_TYPES.length;
const WEIGHTS = priorWeights();
const OTHER = pageTypeIndex('other');

/**
 * Names the rules in force: the same version gives the same URL, title and patterns the same type.
 * Stored beside the type (`page_type_version`), so that a new version reclassifies.
 */
export const CLASSIFIER_VERSION = `${RULES_REVISION}-${rulesHash()}`;

/**
 * The page type of a URL, from the URL and the title alone. Pure and deterministic: rules add their
 * votes (docs/classify.md), the type with the most wins. Not re-entrant across threads, as every
 * instance reuses its buffers.
 */
export class PageTypeClassifier {
  readonly #signals = new SignalSet();
  readonly #scores = new Float64Array(TYPE_COUNT);

  /** Never throws: a URL that can't be parsed is `kind: 'invalid'`. */
  classify(page: PageInput, patterns?: DirectoryMatcher): Classification {
    const parts = urlParts(page.url);
    if (parts === null) return invalid(page.url);
    const own = patterns?.match(parts.path);
    if (own !== undefined) {
      return { kind: 'classified', type: own.type, confidence: 1, rule: `pattern:${own.pattern}` };
    }
    gatherEvidence(parts, page.title ?? '', this.#signals);
    return this.#decide();
  }

  #decide(): Classified {
    const scores = this.#scores;
    const ids = this.#signals.ids();
    scores.fill(0);
    for (const id of ids) {
      const row = id * TYPE_COUNT;
      for (let t = 0; t < TYPE_COUNT; t++) scores[t] = (scores[t] ?? 0) + (WEIGHTS[row + t] ?? 0);
    }
    let best = OTHER;
    for (let t = 0; t < TYPE_COUNT; t++) if ((scores[t] ?? 0) > (scores[best] ?? 0)) best = t;
    if ((scores[best] ?? 0) < LEAST_EVIDENCE) {
      return { kind: 'classified', type: 'other', confidence: NO_EVIDENCE_CONFIDENCE, rule: 'none' };
    }
    return {
      kind: 'classified',
      type: PAGE_TYPES[best] ?? 'other',
      confidence: shareOf(scores, best),
      rule: strongestSignal(ids, best),
    };
  }
}

function invalid(url: string): Unclassifiable {
  const shown = url.length > MAX_SHOWN_URL ? `${url.slice(0, MAX_SHOWN_URL)}…` : url;
  const message = `url ${JSON.stringify(shown)} is no http or https URL; correct it at its source`;
  return { kind: 'invalid', code: 'URL_INVALID', message };
}

/** The softmax of one score, to three decimals: the same on every machine. */
function shareOf(scores: Float64Array, type: number): number {
  const own = scores[type] ?? 0;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - own);
  return Math.round(1000 / sum) / 1000;
}

function strongestSignal(ids: Int32Array, type: number): string {
  let best = -1;
  let highest = 0;
  for (const id of ids) {
    const weight = WEIGHTS[id * TYPE_COUNT + type] ?? 0;
    if (weight > highest) {
      highest = weight;
      best = id;
    }
  }
  return best < 0 ? 'none' : signalName(best);
}

function rulesHash(): string {
  const hash = createHash('sha256');
  hash.update(new Uint8Array(WEIGHTS.buffer));
  for (let id = 0; id < signalCount(); id++) hash.update(`${signalName(id)}\n`);
  for (const topic of TOPICS) hash.update(`${topic.words}\n`);
  return hash.digest('hex').slice(0, 12);
}
