/**
 * Judges the page-type classifier on labelled URLs: node scripts/eval-classify.ts FILE.csv [--json] [--stack]
 * FILE.csv has the columns account, url, title, label. `--stack` also trains corrections of the rules'
 * weights and a model without rules, each tested on sites that it was not trained on (docs/classify.md).
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PageTypeClassifier } from '../src/consumers/classify/classifier.ts';
import { type Evaluation, evaluate, type Judged } from '../src/consumers/classify/evaluation.ts';
import { type LabelledUrl, readLabelledCsv } from '../src/consumers/classify/labelled-csv.ts';
import { PAGE_TYPES } from '../src/consumers/classify/page-types.ts';
import { foldOf } from '../src/consumers/classify/training.ts';
import { FreshetError, isFreshetError } from '../src/runtime/errors.ts';
import { crossValidateStacks, type StackFigures } from './classify-stacks.ts';

const FOLDS = 10;

interface Miss {
  readonly url: string;
  readonly title: string;
  readonly label: string;
  readonly predicted: string;
  readonly confidence: number;
  readonly rule: string;
}

interface Report {
  readonly evaluation: Evaluation;
  readonly folds: readonly number[];
  readonly misses: readonly Miss[];
  readonly stacks: readonly StackFigures[];
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, stack: { type: 'boolean', default: false } },
  });
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) {
    throw new FreshetError('USAGE', 'eval:classify takes one CSV file', {
      cure: 'npm run eval:classify -- FILE.csv [--json] [--stack]',
    });
  }
  const rows = readLabelledCsv(readFile(file), file);
  if (rows.length === 0)
    throw new FreshetError('CONFIG_INVALID', `${file} holds no rows`, { cure: 'Give labelled URLs.' });
  const report = judge(rows, values.stack);
  console.log(values.json ? JSON.stringify(jsonReport(report), null, 2) : textReport(file, report));
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new FreshetError('CONFIG_INVALID', `${file} can't be read: ${(cause as Error).message}`, {
      cause,
      cure: 'Give the path of a CSV file.',
    });
  }
}

function judge(rows: readonly LabelledUrl[], withStacks: boolean): Report {
  const classifier = new PageTypeClassifier();
  const judged: Judged[] = [];
  const misses: Miss[] = [];
  for (const { url, title, label } of rows) {
    const result = classifier.classify({ url, title });
    const predicted = result.kind === 'classified' ? result.type : null;
    judged.push({ label, predicted });
    if (predicted === label) continue;
    const [confidence, rule] =
      result.kind === 'classified' ? [result.confidence, result.rule] : [0, result.code];
    misses.push({ url, title, label, predicted: predicted ?? 'invalid', confidence, rule });
  }
  const folds = Array.from({ length: FOLDS }, (_, fold) =>
    judged.filter((_row, i) => foldOf(rows[i]?.account ?? '', FOLDS) === fold),
  );
  return {
    evaluation: evaluate(judged),
    folds: folds.filter((fold) => fold.length > 0).map((fold) => evaluate(fold).accuracy),
    misses,
    stacks: withStacks ? crossValidateStacks(rows, FOLDS) : [],
  };
}

function jsonReport({ evaluation, folds, misses, stacks }: Report): object {
  return {
    total: evaluation.total,
    accuracy: round(evaluation.accuracy),
    macroF1: round(evaluation.macroF1),
    perLabel: Object.fromEntries(
      evaluation.perLabel.map(({ label, support, precision, recall, f1 }) => [
        label,
        { support, precision: round(precision), recall: round(recall), f1: round(f1) },
      ]),
    ),
    confusion: Object.fromEntries(
      [...evaluation.confusion].map(([label, row]) => [
        label,
        Object.fromEntries([...row].map(([predicted, count]) => [predicted ?? 'invalid', count])),
      ]),
    ),
    bySite: { folds: folds.length, accuracies: folds.map(round) },
    ...(stacks.length === 0 ? {} : { stacks }),
    misses,
  };
}

function textReport(file: string, report: Report): string {
  const { evaluation, folds, misses, stacks } = report;
  const lines = [
    `${file}: ${evaluation.total} URLs`,
    `accuracy ${figure(evaluation.accuracy)}   macro F1 ${figure(evaluation.macroF1)}`,
    `by site, ${folds.length} folds: accuracy ${figure(Math.min(...folds))} … ${figure(Math.max(...folds))}` +
      ' (nothing is trained: a fold is other sites, not another model)',
    ...stacks.map(
      ({ name, accuracy, macroF1 }) =>
        `  ${name.padEnd(52)} accuracy ${figure(accuracy)}   macro F1 ${figure(macroF1)}`,
    ),
    '',
    `${'label'.padEnd(14)} support precision recall    F1`,
    ...evaluation.perLabel.map(
      ({ label, support, precision, recall, f1 }) =>
        `${label.padEnd(14)} ${String(support).padStart(7)} ${figure(precision).padStart(9)} ${figure(recall).padStart(6)} ${figure(f1)}`,
    ),
    '',
    'confusion (label: predicted × count)',
    ...confusionLines(evaluation),
    '',
    `${misses.length} misses (label ← predicted, confidence, rule)`,
    ...misses.map(
      (m) =>
        `${m.label} ← ${m.predicted} ${m.confidence.toFixed(2)} ${m.rule}  ${m.url}${m.title && `  "${m.title}"`}`,
    ),
  ];
  return lines.join('\n');
}

function confusionLines({ confusion }: Evaluation): string[] {
  return PAGE_TYPES.flatMap((label) => {
    const row = confusion.get(label);
    if (row === undefined) return [];
    const cells = [...row]
      .toSorted((a, b) => b[1] - a[1])
      .map(([predicted, count]) => `${predicted ?? 'invalid'} × ${count}`);
    return [`  ${label.padEnd(14)} ${cells.join(', ')}`];
  });
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function figure(value: number): string {
  return value.toFixed(3);
}

try {
  main();
} catch (error) {
  if (isFreshetError(error)) {
    console.error(`${error.message}\n${error.cure}`);
    process.exitCode = error.exitCode;
  } else if (error instanceof TypeError && 'code' in error) {
    console.error(`${error.message}\nnpm run eval:classify -- FILE.csv [--json] [--stack]`);
    process.exitCode = 2;
  } else throw error;
}
