import { stopOnSignals } from '../../runtime/shutdown.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { assertReachable } from '../doctor.ts';
import { INTERRUPTED, PARTIAL } from '../exit-codes.ts';
import { ProgressLine } from '../progress-line.ts';
import { createLog, openTerminal } from '../terminal.ts';
import type { BringHooks } from './bring.ts';
import { type CatalogSetup, openCatalog } from './setup.ts';

/** What of a report decides the exit code. */
interface Outcome {
  readonly left: number;
  readonly dead_letters: number;
  /** Lines of a feed that are no products. */
  readonly rejected?: number;
  readonly interrupted: boolean;
}

/** Brings items, with progress and until Ctrl-C, and tells what came of it. */
export async function bringAndTell<Report extends Outcome>(
  context: CommandContext,
  options: JsonOption,
  work: (setup: CatalogSetup, hooks: BringHooks) => Promise<Report>,
  lines: (report: Report) => readonly string[],
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const setup = openCatalog(await config(context), createLog(terminal, true));
  await assertReachable(setup.config);
  using stop = stopOnSignals(() => terminal.note('\nstopping; run it again to go on'));
  using line = new ProgressLine(terminal);
  const progress = (phase: string, done: number, total: number): void => line.update(phase, done, total);
  let report: Report;
  try {
    report = await work(setup, { signal: stop.signal, progress });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
    return;
  }
  line[Symbol.dispose]();
  terminal.out(terminal.json ? JSON.stringify(report) : lines(report).join('\n'));
  const { left, dead_letters: deadLetters, rejected = 0, interrupted } = report;
  if (interrupted) process.exitCode = INTERRUPTED;
  else if (left + deadLetters + rejected > 0) process.exitCode = PARTIAL;
}
