import { arch, cpus, release, totalmem } from 'node:os';
import type { ContenderResult, Figures } from './figures.ts';
import type { BenchOptions } from './options.ts';

export interface BenchReport {
  readonly command: string;
  readonly startedAt: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly options: BenchOptions;
  readonly results: readonly ContenderResult[];
  /** Freshet ÷ each other contender of the same task, of the medians. */
  readonly ratios: Readonly<Record<string, Figures>>;
}

export function createReport(
  options: BenchOptions,
  args: readonly string[],
  startedAt: Date,
  results: readonly ContenderResult[],
): BenchReport {
  return {
    command: `npm run bench -- ${args.join(' ')}`,
    startedAt: startedAt.toISOString(),
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? '?',
      arch: arch(),
      memoryGb: Math.round(totalmem() / 1e9),
      kernel: release(),
      node: process.version,
    },
    options,
    results,
    ratios: ratiosOf(results),
  };
}

/** What follows a comma in a contender's name is its task. */
function ratiosOf(results: readonly ContenderResult[]): Record<string, Figures> {
  const task = (name: string): string => /,.*$/.exec(name)?.[0] ?? '';
  const pairs = results.flatMap(({ name, median }) => {
    const ours = results.find((each) => each.name === `freshet${task(name)}`);
    return ours === undefined || name.startsWith('freshet')
      ? []
      : [[name, ratio(ours.median, median)] as const];
  });
  return Object.fromEntries(pairs);
}

function ratio(ours: Figures, theirs: Figures): Figures {
  const names = Object.keys(ours).filter((name) => theirs[name] !== undefined && theirs[name] !== 0);
  return Object.fromEntries(names.map((name) => [name, (ours[name] ?? 0) / (theirs[name] ?? 1)]));
}

/** Medians with the range of the runs, one figure a line, one contender a column. */
export function formatReport({ command, machine, results, ratios }: BenchReport): string {
  const names = [...new Set(results.flatMap(({ median }) => Object.keys(median)))];
  const header = ['', ...results.map(({ name }) => name), ...Object.keys(ratios).map((name) => `÷ ${name}`)];
  const rows = names.map((name) => [
    name,
    ...results.map((result) => cell(result, name)),
    ...Object.values(ratios).map((figures) =>
      figures[name] === undefined ? '' : `${figures[name].toFixed(2)} ×`,
    ),
  ]);
  const place = `${machine['cpus']} × ${machine['model']}, ${machine['memoryGb']} GB, Node ${machine['node']}`;
  const runs = `median (lowest – highest) of ${results[0]?.runs.length ?? 0} interleaved runs`;
  return [command, `${place}; ${runs}`, '', ...align([header, ...rows])].join('\n');
}

function cell({ median, runs }: ContenderResult, name: string): string {
  const value = median[name];
  if (value === undefined) return '';
  const all = runs.flatMap((run) => run[name] ?? []);
  return `${number(value)} (${number(Math.min(...all))} – ${number(Math.max(...all))})`;
}

function number(value: number): string {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('   '),
  );
}
