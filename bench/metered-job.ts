import type { BenchContext } from './bench-context.ts';
import { type Figures, throughputFigures } from './figures.ts';
import type { Job, Report } from './freshet-messages.ts';
import { UsageMeter } from './process-usage.ts';

/** Runs a job of a Freshet process, metered from its open connections on; the figures are of so many rows. */
export async function runMetered(
  context: BenchContext,
  job: Job,
  rows: number,
  rowBytes: number,
): Promise<{ done: Extract<Report, { type: 'done' }>; figures: Figures }> {
  await using child = await context.bootFreshet(true);
  child.send({ type: 'run', job });
  const working = await child.report('working', context.signal);
  const meter = UsageMeter.start(context.tracked(child.pid));
  const done = await child.report('done', context.signal);
  const usage = meter.stop();
  const seconds = (done.atMs - working.atMs) / 1000;
  return { done, figures: throughputFigures(rows, rowBytes, seconds, usage) };
}
