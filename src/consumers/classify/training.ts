/** One labelled URL: the numbers of its signals and of its label's type. */
export interface Example {
  readonly signals: Int32Array;
  readonly label: number;
  /** Site; examples of one site never stand on both sides of a split. */
  readonly group: string;
}

export interface TrainingOptions {
  /** How strongly a weight is drawn back to its hand-given value. */
  readonly pull: number;
  readonly rounds: number;
  readonly stepSize: number;
}

export const DEFAULT_TRAINING: TrainingOptions = { pull: 2, rounds: 60, stepSize: 0.1 };

/**
 * Multinomial logistic regression with a Gaussian prior around `prior` (MAP estimate): the weights
 * leave their hand-given values only as far as the examples demand. Adam on the full batch; no random
 * numbers, so that the same examples always give the same weights. Returns the corrections, to be
 * added to `prior`; both hold `types` numbers per signal.
 */
export function trainCorrections(
  examples: readonly Example[],
  prior: Float64Array,
  types: number,
  options: TrainingOptions = DEFAULT_TRAINING,
): Float64Array {
  const delta = new Float64Array(prior.length);
  const gradient = new Float64Array(prior.length);
  const step = new AdamStep(prior.length, options.stepSize);
  for (let round = 1; round <= options.rounds; round++) {
    for (let i = 0; i < delta.length; i++) gradient[i] = options.pull * (delta[i] ?? 0);
    for (const example of examples) addGradient(example, prior, delta, types, gradient);
    step.apply(delta, gradient, round);
  }
  return delta;
}

/** Scores of one example: the sums of its signals' weights. */
export function scoresOf(
  signals: Int32Array,
  prior: Float64Array,
  delta: Float64Array,
  types: number,
): Float64Array {
  const scores = new Float64Array(types);
  for (const signal of signals) {
    const row = signal * types;
    for (let t = 0; t < types; t++)
      scores[t] = (scores[t] ?? 0) + (prior[row + t] ?? 0) + (delta[row + t] ?? 0);
  }
  return scores;
}

/** Makes probabilities of scores, in place. */
export function softmax(scores: Float64Array): void {
  let highest = -Infinity;
  for (const score of scores) highest = Math.max(highest, score);
  let sum = 0;
  for (let t = 0; t < scores.length; t++) {
    const value = Math.exp((scores[t] ?? 0) - highest);
    scores[t] = value;
    sum += value;
  }
  for (let t = 0; t < scores.length; t++) scores[t] = (scores[t] ?? 0) / sum;
}

function addGradient(
  example: Example,
  prior: Float64Array,
  delta: Float64Array,
  types: number,
  gradient: Float64Array,
): void {
  const error = scoresOf(example.signals, prior, delta, types);
  softmax(error);
  error[example.label] = (error[example.label] ?? 0) - 1;
  for (const signal of example.signals) {
    const row = signal * types;
    for (let t = 0; t < types; t++) gradient[row + t] = (gradient[row + t] ?? 0) + (error[t] ?? 0);
  }
}

/** Adam (Kingma & Ba 2014) with its usual decay rates. */
class AdamStep {
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  readonly #size: number;

  constructor(length: number, size: number) {
    this.#mean = new Float64Array(length);
    this.#square = new Float64Array(length);
    this.#size = size;
  }

  apply(values: Float64Array, gradient: Float64Array, round: number): void {
    const meanScale = 1 / (1 - 0.9 ** round);
    const squareScale = 1 / (1 - 0.999 ** round);
    for (let i = 0; i < values.length; i++) {
      const slope = gradient[i] ?? 0;
      if (slope === 0) continue;
      const mean = 0.9 * (this.#mean[i] ?? 0) + 0.1 * slope;
      const square = 0.999 * (this.#square[i] ?? 0) + 0.001 * slope * slope;
      this.#mean[i] = mean;
      this.#square[i] = square;
      values[i] =
        (values[i] ?? 0) - (this.#size * mean * meanScale) / (Math.sqrt(square * squareScale) + 1e-8);
    }
  }
}

/** Splits groups into `folds` parts by a fixed hash of the group's name; gives each example's part. */
export function foldOf(group: string, folds: number): number {
  let hash = 2166136261;
  for (let i = 0; i < group.length; i++) hash = Math.imul(hash ^ group.charCodeAt(i), 16777619);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) % folds;
}
