import { resolve } from 'node:path';
import { createDemo, type DemoReport } from '../demo.ts';
import { type CommandContext, parsedConfig } from '../context.ts';
import { Progress } from '../progress.ts';
import { createLog, openTerminal, type Terminal } from '../terminal.ts';
import { removeDataFolder } from '../../embedded/data-folder.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';

export interface DemoOptions {
  readonly data?: string;
  readonly rows: number;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly fresh?: boolean;
}

/** 128 + SIGINT: stopped by hand before it was done. */
const INTERRUPTED = 130;

export async function demoCommand(context: CommandContext, options: DemoOptions): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const parsed = await parsedConfig(context);
  if (options.fresh === true) await removeDataFolder(parsed.dataDir);
  using stop = stopOnSignals(() => terminal.note('\nstopping; once more to end at once'));
  const log = createLog(terminal, true);
  try {
    await using demo = await createDemo({
      parsed,
      cacheDir: context.env.FRESHET_CACHE_DIR,
      dataFolder: options.data === undefined ? null : resolve(context.cwd, options.data),
      generatedRows: options.rows,
      terminal,
      log,
      signal: stop.signal,
    });
    using progress = new Progress(terminal, demo.status);
    await demo.backfill(progress);
    if (options.once === true) await finish(terminal, await demo.writeAndVerify(progress));
    else await demo.stayUp(progress);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = options.once === true ? INTERRUPTED : 0;
  }
}

async function finish(terminal: Terminal, report: DemoReport): Promise<void> {
  if (terminal.json) terminal.out(JSON.stringify(report));
  else terminal.out(summary(report));
  process.exitCode = report.mismatches > 0 ? 1 : report.dead_letters > 0 ? 5 : 0;
}

function summary({ rows, seconds, lag_ms, mismatches, dead_letters }: DemoReport): string {
  return [
    `snapshot     ${rows.snapshot.toLocaleString('en-US')} rows in ${seconds.backfill.toFixed(1)} s`,
    `stream       ${rows.stream.toLocaleString('en-US')} changes, lag p50 ${lag_ms.p50} ms, p99 ${lag_ms.p99} ms`,
    `mismatches   ${mismatches}`,
    `dead letters ${dead_letters}`,
  ].join('\n');
}
