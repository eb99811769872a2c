import { countText } from '../../runtime/quantity-text.ts';
import { CLASSIFIER_VERSION } from './classifier.ts';
import type { ClassifyExamples } from './report-examples.ts';
import { type ClassifyCounts, classifyCounts } from './tally.ts';

/** The summary of a backfill, or of what it would do. */
export interface ClassifyReport extends ClassifyCounts {
  readonly pipeline: 'classify';
  readonly dry_run: boolean;
  /** Names the backfill to those who want to look at its progress; null of a dry run. */
  readonly refresh: string | null;
  /** Null: all accounts. */
  readonly account: string | null;
  readonly classifier_version: string;
  readonly dead_letters: number;
  /** It was stopped before its end; `--resume` goes on. */
  readonly interrupted: boolean;
  readonly seconds: number;
  readonly examples: ClassifyExamples;
}

export interface ReportInput {
  readonly refresh: string | null;
  readonly account: string | null;
  readonly tally: ReadonlyMap<string, number>;
  readonly examples: ClassifyExamples;
  readonly deadLetters: number;
  readonly interrupted: boolean;
  readonly seconds: number;
}

const SHOWN_ACCOUNTS = 10;

export function classifyReport(input: ReportInput): ClassifyReport {
  return {
    pipeline: 'classify',
    dry_run: input.refresh === null,
    refresh: input.refresh,
    account: input.account,
    classifier_version: CLASSIFIER_VERSION,
    ...classifyCounts(input.tally),
    dead_letters: input.deadLetters,
    interrupted: input.interrupted,
    seconds: Math.round(input.seconds * 100) / 100,
    examples: input.examples,
  };
}

/** The report for people. */
export function reportText(report: ClassifyReport): string {
  const would = report.dry_run ? 'would be ' : '';
  const rate = report.seconds > 0 ? Math.round(report.processed / report.seconds) : 0;
  const { examples } = report;
  return [
    `Page types, classifier ${report.classifier_version}${report.account === null ? '' : `, account ${report.account}`}${report.dry_run ? ' (dry run: nothing was written)' : ''}`,
    line('processed', report.processed, `in ${report.seconds.toFixed(1)} s, ${countText(rate)} URLs/s`),
    line('classified', report.classified, report.dry_run ? 'would be written' : ''),
    line('skipped', report.skipped, 'set by a person or an import'),
    line('unchanged', report.unchanged),
    ...(report.superseded > 0
      ? [line('superseded', report.superseded, 'changed meanwhile; judged with their newer change')]
      : []),
    line('errors', report.errors, report.errors > 0 ? 'no URLs; they have the type other' : ''),
    line('guesses', report.low_confidence, 'confidence below 0.5'),
    ...(report.dead_letters > 0 ? [line('dead letters', report.dead_letters)] : []),
    ...table('by type', Object.entries(report.types)),
    ...accountLines(report),
    ...section('least certain', examples.low_confidence.map(judged)),
    ...section(
      'errors',
      examples.errors.map(({ id, url }) => `id ${id}  ${JSON.stringify(url)}`),
    ),
    ...section(
      `some that ${would}changed`,
      examples.changes.map((change) => `${change.before ?? 'NULL'} → ${judged(change)}`),
    ),
    ...section('patterns that are left out', examples.bad_patterns),
    ...(report.interrupted ? ['', 'Stopped before the end: --resume goes on.'] : []),
  ].join('\n');
}

function accountLines({ accounts }: ClassifyReport): string[] {
  const entries = Object.entries(accounts);
  const more = entries.length - SHOWN_ACCOUNTS;
  const lines = entries.slice(0, SHOWN_ACCOUNTS).map(([account, own]) => {
    const counts = `${countText(own.processed)} processed, ${countText(own.classified)} classified, ${countText(own.skipped)} skipped`;
    return `${account === '' ? '(none)' : account}: ${counts}, ${countText(own.unchanged)} unchanged`;
  });
  return section(
    'by account',
    more > 0 ? [...lines, `and ${countText(more)} more (--json has them all)`] : lines,
  );
}

function judged(example: ClassifyExamples['low_confidence'][number]): string {
  const { type, confidence, rule, url } = example;
  return `${type} ${confidence.toFixed(2)} (${rule})  ${url ?? ''}`;
}

function table(title: string, entries: readonly (readonly [string, number])[]): string[] {
  return section(
    title,
    entries.map(([name, count]) => `${name.padEnd(14)} ${countText(count).padStart(9)}`),
  );
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((text) => `  ${text}`)];
}

function line(name: string, count: number, note = ''): string {
  return `${name.padEnd(12)} ${countText(count).padStart(9)}${note === '' ? '' : `  ${note}`}`;
}
