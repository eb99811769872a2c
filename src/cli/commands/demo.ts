import { resolve } from 'node:path';
import type { DemoReport } from '../demo-report.ts';
import { createDemo } from '../demo.ts';
import { type CommandContext, parsedConfig } from '../context.ts';
import { INTERRUPTED, PARTIAL } from '../exit-codes.ts';
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

export async function demoCommand(context: CommandContext, options: DemoOptions): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const parsed = await parsedConfig(context);
  if (options.fresh === true) await removeDataFolder(parsed.dataDir);
  using stop = stopOnSignals(() => terminal.note('\nstopping; once more to end at once'));
  const log = createLog(terminal, true);
  try {
    await using demo = await createDemo({
      parsed,
      env: context.env,
      dataFolder: options.data === undefined ? null : resolve(context.cwd, options.data),
      generatedRows: options.rows,
      terminal,
      log,
      signal: stop.signal,
    });
    using progress = new Progress(terminal, demo.status);
    await demo.backfill(progress);
    if (options.once === true) finish(terminal, await demo.writeAndVerify(progress));
    else await demo.stayUp(progress);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = options.once === true ? INTERRUPTED : 0;
  }
}

function finish(terminal: Terminal, { report, text }: { report: DemoReport; text: string }): void {
  terminal.out(terminal.json ? JSON.stringify(report) : text);
  process.exitCode = report.mismatches > 0 ? 1 : report.dead_letters > 0 ? PARTIAL : 0;
}
