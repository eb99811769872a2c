import { randomUUID } from 'node:crypto';
import { formatTable, type TableId } from '../../change/table.ts';
import type { Config, SourceConfig } from '../../config.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { countText } from '../../runtime/quantity-text.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import type { RefreshPlanState } from '../../snapshot/refresh-plan.ts';
import { assertCondition } from '../../snapshot/where-clause.ts';
import { untilAccepted } from '../backfill/ask.ts';
import { CaptureLink } from '../backfill/capture-link.ts';
import { askFor, publishRefresh, type RefreshRequest } from '../backfill/publish-refresh.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { Engine } from '../engine.ts';
import { ProgressLine } from '../progress-line.ts';
import { chosenSource, tableNamed } from '../sources.ts';
import { createLog, openTerminal } from '../terminal.ts';

export interface RefreshOptions extends JsonOption {
  readonly source?: string;
  readonly where?: string;
  readonly keys?: string[][];
  readonly group?: string;
  readonly wait?: boolean;
  readonly keepSlot?: boolean;
}

export interface SteerOptions extends JsonOption {
  readonly source?: string;
}

/** Asks the capture that runs; where none does, one runs here until every row is published. */
export async function refreshCommand(
  context: CommandContext,
  name: string,
  options: RefreshOptions,
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const table = tableNamed(name);
  if (options.where !== undefined && options.keys !== undefined)
    throw new FreshetError('USAGE', '--where and --keys exclude each other', { cure: 'Give one of them.' });
  if (options.where !== undefined) assertCondition(options.where);
  const settings = await config(context);
  const source = chosenSource(settings, options.source, table);
  const engine = new Engine(settings, createLog(terminal, true));
  using link = await CaptureLink.open(settings, source);
  using stop = stopOnSignals();
  const request = requestOf(table, options);
  const isServed = await link.isAlive();
  await askFor(link, request);
  if (isServed && options.wait !== true) {
    await untilAccepted(link, request.id, stop.signal);
    const text = `refresh ${request.id} is on its way; freshet refresh list shows how far it is`;
    terminal.out(terminal.json ? JSON.stringify({ id: request.id, status: 'running' }) : text);
    return;
  }
  using line = new ProgressLine(terminal);
  const rowsPublished = await publishRefresh(engine, source, link, request.id, {
    keepSlot: options.keepSlot === true,
    signal: stop.signal,
    progress: (now) => line.update(`refreshing ${name}`, now.rowsPublished, now.estimatedRows),
  });
  line[Symbol.dispose]();
  const text = `refresh ${request.id}: ${countText(rowsPublished)} rows published`;
  terminal.out(terminal.json ? JSON.stringify({ id: request.id, status: 'finished', rowsPublished }) : text);
}

/** Every refresh that the checkpoints know, with its state. */
export async function refreshListCommand(context: CommandContext, options: SteerOptions): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const settings = await config(context);
  const listed: object[] = [];
  for (const source of sourcesOf(settings, options.source)) {
    using link = await CaptureLink.open(settings, source);
    const plans = link.plans.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
    for (const plan of plans) {
      listed.push(describePlan(source, plan));
      if (!terminal.json) terminal.out(planLine(source, plan));
    }
  }
  if (terminal.json) terminal.out(JSON.stringify({ refreshes: listed }));
  else if (listed.length === 0) terminal.out('no refresh is known');
}

/** Throws USAGE with what the capture says against it, CONNECTION where none answers. */
export async function steerCommand(
  context: CommandContext,
  kind: 'pause' | 'resume' | 'cancel',
  refresh: string,
  options: SteerOptions,
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const settings = await config(context);
  for (const source of sourcesOf(settings, options.source)) {
    using link = await CaptureLink.open(settings, source);
    if (link.plansOf(refresh).length === 0) continue;
    using stop = stopOnSignals();
    const request = { kind, id: randomUUID(), refresh };
    await link.send(request);
    if (await link.isAlive()) await untilAccepted(link, request.id, stop.signal);
    else terminal.note(`no capture of source ${source.name} runs: the next one does it first`);
    const plans = link.plansOf(refresh).map((plan) => describePlan(source, plan));
    terminal.out(terminal.json ? JSON.stringify({ refreshes: plans }) : `refresh ${refresh}: ${kind}`);
    return;
  }
  throw new FreshetError('USAGE', `there is no refresh "${refresh}"`, { cure: 'See freshet refresh list.' });
}

function requestOf(table: TableId, options: RefreshOptions): RefreshRequest {
  const part = { table, where: options.where ?? null, keys: options.keys ?? null };
  const id = `refresh-${randomUUID().slice(0, 8)}`;
  return { kind: 'refresh', id, group: options.group ?? null, options: {}, parts: [part] };
}

function sourcesOf(settings: Config, name: string | undefined): readonly SourceConfig[] {
  return name === undefined ? settings.sources : [chosenSource(settings, name, null)];
}

function describePlan(source: SourceConfig, plan: RefreshPlanState): object {
  const { id, tag, table, where, keys } = plan.request;
  const { status, failure, rowsPublished, estimatedRows, startedAt, finishedAt } = plan;
  const scope = { where, keys: keys === null ? null : keys.length };
  const refresh = tag?.id ?? id;
  const base = {
    source: source.name,
    refresh,
    table: formatTable(table),
    group: tag?.group ?? null,
    ...scope,
  };
  return { ...base, status, failure, rowsPublished, estimatedRows, startedAt, finishedAt };
}

function planLine(source: SourceConfig, plan: RefreshPlanState): string {
  const { id, tag, table, where, keys } = plan.request;
  const all = where === null ? 'everything' : `where ${where}`;
  const scope = keys === null ? all : `${keys.length} keys`;
  const rows = countText(plan.rowsPublished);
  const why = plan.failure === null ? '' : `  ${plan.failure.message}`;
  return `${source.name}  ${tag?.id ?? id}  ${formatTable(table)}  ${scope}  ${plan.status}  ${rows} rows${why}`;
}
