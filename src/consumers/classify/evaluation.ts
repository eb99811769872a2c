import { PAGE_TYPES, type PageType, pageTypeIndex } from './page-types.ts';

/** One labelled row with what was predicted; `null` where the URL is invalid, which counts as a miss. */
export interface Judged {
  readonly label: PageType;
  readonly predicted: PageType | null;
}

interface LabelFigures {
  readonly label: PageType;
  readonly support: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface Evaluation {
  readonly total: number;
  readonly accuracy: number;
  /** The mean F1 of the labels that occur in the data. */
  readonly macroF1: number;
  /** Labels that occur or were predicted, in the order of `PAGE_TYPES`. */
  readonly perLabel: readonly LabelFigures[];
  /** `confusion[label][predicted]`; counts above 0 only. */
  readonly confusion: ReadonlyMap<PageType, ReadonlyMap<PageType | null, number>>;
}

/** Figures of a classifier's answers. Precision and recall are 0 where their denominator is. */
export function evaluate(rows: readonly Judged[]): Evaluation {
  const support = PAGE_TYPES.map(() => 0);
  const given = PAGE_TYPES.map(() => 0);
  const right = PAGE_TYPES.map(() => 0);
  const confusion = new Map<PageType, Map<PageType | null, number>>();
  for (const { label, predicted } of rows) {
    increment(support, label);
    if (predicted !== null) increment(given, predicted);
    if (predicted === label) increment(right, label);
    const row = confusion.get(label) ?? new Map<PageType | null, number>();
    row.set(predicted, (row.get(predicted) ?? 0) + 1);
    confusion.set(label, row);
  }
  const perLabel = PAGE_TYPES.map((label, i) =>
    figures(label, support[i] ?? 0, given[i] ?? 0, right[i] ?? 0),
  );
  const present = perLabel.filter((figure) => figure.support > 0);
  return {
    total: rows.length,
    accuracy: ratio(
      right.reduce((a, b) => a + b, 0),
      rows.length,
    ),
    macroF1: ratio(
      present.reduce((sum, figure) => sum + figure.f1, 0),
      present.length,
    ),
    perLabel: perLabel.filter((_, i) => (support[i] ?? 0) > 0 || (given[i] ?? 0) > 0),
    confusion,
  };
}

function increment(counts: number[], type: PageType): void {
  const i = pageTypeIndex(type);
  counts[i] = (counts[i] ?? 0) + 1;
}

function figures(label: PageType, support: number, given: number, right: number): LabelFigures {
  return {
    label,
    support,
    precision: ratio(right, given),
    recall: ratio(right, support),
    f1: ratio(2 * right, support + given),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
