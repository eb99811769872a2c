import { percentile } from '../demo/percentile.ts';
import type { PipelineStatus } from '../metrics/live-status.ts';
import { countText } from '../runtime/quantity-text.ts';

interface LagMs {
  readonly p50: number;
  readonly p99: number;
}

/** What `demo --once --json` prints. Counts of all examples together, and of each under its pipeline's name. */
export interface DemoReport {
  readonly rows: {
    readonly source: number;
    readonly snapshot: number;
    readonly stream: number;
    readonly duplicates: number;
  };
  readonly seconds: { readonly start: number; readonly backfill: number };
  /** From commit at the source to commit at the target, of the streamed changes. */
  readonly lag_ms: LagMs;
  readonly mismatches: number;
  readonly dead_letters: number;
  readonly pipelines: Readonly<Record<string, object>>;
}

/** One example's part of the report, as it is known when everything is compared. */
export interface ExampleResult {
  readonly pipeline: string;
  readonly rows: number;
  readonly mismatches: number;
  readonly latenciesMs: readonly number[];
  readonly status: PipelineStatus;
  readonly figures: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

/** The example's object under `pipelines`. */
export function pipelineReport({ rows, mismatches, latenciesMs, status, figures }: ExampleResult): object {
  const { applied, written, unchanged, deadLetters, retries } = status;
  return {
    rows,
    applied,
    written,
    unchanged,
    dead_letters: deadLetters,
    retries,
    lag_ms: lagOf(latenciesMs),
    mismatches,
    ...figures,
  };
}

export function lagOf(samples: readonly number[]): LagMs {
  return { p50: round(percentile(samples, 0.5)), p99: round(percentile(samples, 0.99)) };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The report for people. */
export function reportLines(report: DemoReport, examples: readonly (readonly string[])[]): string {
  const { rows, seconds, lag_ms, mismatches, dead_letters } = report;
  return [
    `snapshot     ${countText(rows.snapshot)} rows in ${seconds.backfill.toFixed(1)} s`,
    `stream       ${countText(rows.stream)} changes, lag p50 ${lag_ms.p50} ms, p99 ${lag_ms.p99} ms`,
    `mismatches   ${mismatches}`,
    `dead letters ${dead_letters}`,
    ...examples.flat(),
  ].join('\n');
}

/** What a person who has the demo before them may do next; `examples`: the lines of each. */
export function thingsToTry(examples: readonly (readonly string[])[], url: string): string {
  const things = [
    [`Look at the status page: ${url}/ (and at ${url}/metrics)`],
    ...examples.filter((lines) => lines.length > 0),
    ['Stop with Ctrl-C; the next start goes on from here.'],
  ];
  const lines = things.flatMap(([first, ...rest], index) => [
    `${index + 1}. ${first}`,
    ...rest.map((line) => ` ${line}`),
  ]);
  return ['\nThings to try:', ...lines].join('\n');
}
