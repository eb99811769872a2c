import { gatherEvidence } from '../src/consumers/classify/evidence.ts';
import { evaluate } from '../src/consumers/classify/evaluation.ts';
import type { LabelledUrl } from '../src/consumers/classify/labelled-csv.ts';
import { PAGE_TYPES, pageTypeIndex } from '../src/consumers/classify/page-types.ts';
import { priorWeights, SignalSet, signalCount } from '../src/consumers/classify/signals.ts';
import {
  DEFAULT_TRAINING,
  type Example,
  foldOf,
  scoresOf,
  trainCorrections,
} from '../src/consumers/classify/training.ts';
import { urlParts, type UrlParts } from '../src/consumers/classify/url-parts.ts';
import { wordsOf } from '../src/consumers/classify/words.ts';

export interface StackFigures {
  readonly name: string;
  readonly accuracy: number;
  readonly macroF1: number;
}

const TYPES = PAGE_TYPES.length;

/** Cross-validates, by site, what a trained model adds to the rules or does without them. */
export function crossValidateStacks(rows: readonly LabelledUrl[], folds: number): StackFigures[] {
  const signals = examplesOf(rows, false);
  const tokens = examplesOf(rows, true);
  const none = new Float64Array(tokens.prior.length);
  const tokensOnly = tokens.examples.map((example) => ({
    ...example,
    signals: example.signals.filter((signal) => signal >= signalCount()),
  }));
  return [
    figures('trained corrections of the rules', signals.examples, signals.prior, folds),
    figures('trained corrections of the rules, with word features', tokens.examples, tokens.prior, folds),
    figures('trained on the rules as features, no hand weights', signals.examples, none, folds),
    figures('trained on words alone', tokensOnly, none, folds),
  ];
}

function figures(
  name: string,
  examples: readonly Example[],
  prior: Float64Array,
  folds: number,
): StackFigures {
  const judged = Array.from({ length: folds }, (_, fold) => {
    const training = examples.filter((example) => foldOf(example.group, folds) !== fold);
    const weights = trainCorrections(training, prior, TYPES, DEFAULT_TRAINING);
    return examples
      .filter((example) => foldOf(example.group, folds) === fold)
      .map((example) => ({
        label: PAGE_TYPES[example.label] ?? 'other',
        predicted: PAGE_TYPES[highest(scoresOf(example.signals, prior, weights, TYPES))] ?? 'other',
      }));
  });
  const { accuracy, macroF1 } = evaluate(judged.flat());
  return { name, accuracy, macroF1 };
}

function highest(scores: Float64Array): number {
  return scores.reduce((best, score, t) => (score > (scores[best] ?? 0) ? t : best), 0);
}

function examplesOf(
  rows: readonly LabelledUrl[],
  withWords: boolean,
): { examples: Example[]; prior: Float64Array } {
  const numbers = new Map<string, number>();
  const set = new SignalSet();
  const examples = rows.flatMap(({ url, title, label, account }): Example[] => {
    const parts = urlParts(url);
    if (parts === null) return [];
    gatherEvidence(parts, title, set);
    const ids = [...set.ids()];
    for (const word of withWords ? wordFeatures(parts, title) : []) {
      const known = numbers.get(word) ?? signalCount() + numbers.size;
      numbers.set(word, known);
      ids.push(known);
    }
    return [{ signals: Int32Array.from(ids), label: pageTypeIndex(label), group: account }];
  });
  const prior = new Float64Array((signalCount() + numbers.size) * TYPES);
  prior.set(priorWeights());
  return { examples, prior };
}

function wordFeatures(parts: UrlParts, title: string): ReadonlySet<string> {
  const words = new Set<string>();
  for (const [i, segment] of parts.segments.entries()) {
    const place = i === parts.segments.length - 1 ? 'last' : 'section';
    for (const word of segment.words.list) words.add(`${place} ${word}`);
  }
  for (const label of parts.host.subdomains) words.add(`host ${label}`);
  for (const word of wordsOf(title).list) words.add(`title ${word}`);
  return words;
}
