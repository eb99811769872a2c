import { randomUUID } from 'node:crypto';
import { formatTable } from '../../change/table.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { untilAccepted } from '../backfill/ask.ts';
import { CaptureLink } from '../backfill/capture-link.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { chosenSource, tableNamed } from '../sources.ts';
import { openTerminal } from '../terminal.ts';

export interface TablesOptions extends JsonOption {
  readonly source?: string;
}

/** Adds a table to the running capture, or takes one out. Throws REFRESH_FAILED with what the capture has against it. */
export async function tablesCommand(
  context: CommandContext,
  action: 'add' | 'remove',
  name: string,
  options: TablesOptions,
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const table = tableNamed(name);
  const settings = await config(context);
  const source = chosenSource(settings, options.source, null);
  using link = await CaptureLink.open(settings, source);
  using stop = stopOnSignals();
  const id = randomUUID();
  await link.send({ kind: `${action}-table`, id, table });
  const isServed = await link.isAlive();
  if (isServed) await untilAccepted(link, id, stop.signal);
  const done = action === 'add' ? 'is captured, its rows follow' : 'is captured no more';
  const text = isServed ? done : `: no capture of source ${source.name} runs, the next one does it first`;
  const report = { source: source.name, table: formatTable(table), action, done: isServed };
  terminal.out(terminal.json ? JSON.stringify(report) : `${formatTable(table)} ${text}`);
  if (!terminal.json) terminal.note('Change sources[].tables in the config, too: a changed list there wins.');
}
