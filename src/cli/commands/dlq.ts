import type { Command } from 'commander';
import { type Failure, type FailureFilter, countFailures, isChosen } from '../../consumers/failure-list.ts';
import { formatTable } from '../../change/table.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { connect } from '../../runtime/postgres.ts';
import { countText } from '../../runtime/quantity-text.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { type Debt, dropDebts } from '../../sinks/owed-keys.ts';
import { quoteIdent } from '../../sinks/target-table.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { type PipelineDebts, debtsOf, findFailures } from '../dead-letters.ts';
import { Engine } from '../engine.ts';
import { PARTIAL } from '../exit-codes.ts';
import { wholeNumber } from '../option-values.ts';
import { retryDebts, splitDebts, tablesOf } from '../retry-debts.ts';
import { configuredPipelines, pipelineNamed } from '../pipelines.ts';
import { type Terminal, createLog, openTerminal } from '../terminal.ts';

interface FilterOptions extends FailureFilter, JsonOption {}

interface ListOptions extends FilterOptions {
  readonly all?: boolean;
  readonly limit: number;
}

interface ConfirmedOptions extends FilterOptions {
  readonly yes?: boolean;
}

/** `freshet dlq …`: what could not be processed, and what becomes of it. */
export function addDlq(program: Command, context: CommandContext): void {
  const dlq = program.command('dlq').description('dead letters: what could not be processed, and why');
  filtered(dlq.command('list').description('count and list them; open ones lack a change in the target'))
    .option('--all', 'also those that are settled')
    .option('--limit <n>', 'lines at most', wholeNumber, 50)
    .action((options: ListOptions) => listCommand(context, options));
  dlq
    .command('show <id>')
    .description('everything that one of them says; ids are in the list')
    .action((id: string) => showCommand(context, id));
  filtered(dlq.command('retry').description('have the current rows processed again, each in its right place'))
    .option('--yes', 'also refresh whole tables, where the keys of records are not known')
    .action((options: ConfirmedOptions) => retryCommand(context, options));
  filtered(dlq.command('drop').description('give up what is owed: nobody waits for the rows any more'))
    .option('--yes', 'do it; without it, only say what would be given up')
    .action((options: ConfirmedOptions) => dropCommand(context, options));
}

function filtered(command: Command): Command {
  return command
    .option('--pipeline <name>', 'only of this pipeline; "capture" for what could not be published')
    .option('--code <code>', 'only with this code')
    .option('--table <schema.table>', 'only of this source table')
    .option('--key <value>', "only of this key: its JSON, or one column's value")
    .option('--json', 'as one JSON object');
}

async function listCommand(context: CommandContext, options: ListOptions): Promise<void> {
  const { terminal, engine } = await open(context, options);
  const failures = await findFailures(engine, configuredPipelines(engine.config), options);
  const counts = countFailures(failures);
  const listed = failures.filter(({ state }) => options.all === true || state !== 'settled');
  const shown = options.limit === 0 ? [] : listed.slice(-options.limit);
  if (terminal.json) {
    terminal.out(
      JSON.stringify({ counts, letters: shown.map((failure) => ({ ...failure, letter: undefined })) }),
    );
    return;
  }
  if (counts.length === 0) terminal.out('no dead letters');
  for (const { pipeline, table, code, open, settled, recorded } of counts) {
    const states = recorded > 0 ? `${recorded} recorded` : `${open} open, ${settled} settled`;
    terminal.out(`${pipeline}  ${table}  ${code}: ${states}`);
  }
  for (const failure of shown) terminal.out(line(failure));
  if (listed.length > shown.length) terminal.note(`${listed.length - shown.length} more: --limit`);
}

async function showCommand(context: CommandContext, id: string): Promise<void> {
  const { terminal, engine } = await open(context, {});
  const [pipeline] = id.split('/');
  const failures = await findFailures(engine, configuredPipelines(engine.config), { pipeline });
  const failure = failures.find((each) => each.id === id);
  if (failure === undefined) {
    throw new FreshetError('USAGE', `there is no dead letter "${id}"`, {
      cure: 'See freshet dlq list --all.',
    });
  }
  terminal.out(JSON.stringify(failure, null, 2));
}

async function dropCommand(context: CommandContext, options: ConfirmedOptions): Promise<void> {
  const { terminal, engine } = await open(context, options);
  let dropped = 0;
  for (const owed of await chosenDebts(engine, options)) {
    if (options.yes !== true) preview(terminal, owed, 'would give up');
    else dropped += await drop(engine, owed);
  }
  if (terminal.json) terminal.out(JSON.stringify({ dropped }));
  else if (options.yes === true) terminal.out(`gave up ${dropped}`);
  else terminal.out('nothing was changed: --yes does it. Rows of keys that are given up stay as they are.');
}

async function retryCommand(context: CommandContext, options: ConfirmedOptions): Promise<void> {
  const { terminal, engine } = await open(context, options);
  using stop = stopOnSignals(() => terminal.note('stopping; what was asked for goes on'));
  const sum = { retried: 0, settled: 0, open: 0, keysUnknown: 0 };
  for (const owed of await chosenDebts(engine, options)) {
    const { keyed, unkeyed } = splitDebts(owed.debts);
    if (unkeyed.length > 0 && options.yes !== true) await previewTables(terminal, owed, unkeyed);
    const chosen = { keyed, unkeyed: options.yes === true ? unkeyed : [] };
    sum.keysUnknown += unkeyed.length - chosen.unkeyed.length;
    sum.retried += keyed.length + chosen.unkeyed.length;
    await retryDebts(engine, owed, chosen, stop.signal);
    const left = await debtsOf(engine, owed.pipeline);
    const open = owed.debts.filter((debt) => left.debts.some((each) => isSameDebt(each, debt))).length;
    sum.open += open;
    sum.settled += owed.debts.length - open;
  }
  if (terminal.json) terminal.out(JSON.stringify(sum));
  else terminal.out(`retried ${sum.retried}: ${sum.settled} settled, ${sum.open} open`);
  if (sum.open > 0) process.exitCode = PARTIAL;
}

/** What a refresh of whole tables would read. */
async function previewTables(
  terminal: Terminal,
  owed: PipelineDebts,
  unkeyed: readonly Debt[],
): Promise<void> {
  await using client = await connect(owed.source.connection, 'dlq');
  for (const table of tablesOf(owed, unkeyed)) {
    const { rows } = await client.query<{ rows: number }>(
      'SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = to_regclass($1)',
      [`${quoteIdent(table.schema)}.${quoteIdent(table.name)}`],
    );
    const estimate = countText(rows[0]?.rows ?? 0);
    terminal.note(
      `${owed.pipeline.name}  ${formatTable(table)}: records whose keys are not known: --yes refreshes the table, about ${estimate} rows`,
    );
  }
}

function isSameDebt(a: Debt, b: Debt): boolean {
  return a.topic === b.topic && a.partition === b.partition && a.identity === b.identity;
}

/** What the pipelines owe and the filter lets through. */
async function chosenDebts(engine: Engine, filter: FailureFilter): Promise<PipelineDebts[]> {
  const configured = configuredPipelines(engine.config);
  const pipelines = filter.pipeline === undefined ? configured : [pipelineNamed(configured, filter.pipeline)];
  const chosen: PipelineDebts[] = [];
  for (const pipeline of pipelines) {
    const owed = await debtsOf(engine, pipeline);
    const debts = owed.debts.filter((debt) => isChosen(debt, owed.tableOf(debt.topic), filter));
    if (debts.length > 0) chosen.push({ ...owed, debts });
  }
  return chosen;
}

function preview(terminal: Terminal, { pipeline, debts, tableOf }: PipelineDebts, what: string): void {
  const groups = Map.groupBy(debts, ({ topic, code }: Debt) => `${tableOf(topic)}  ${code}`);
  for (const [group, list] of groups) terminal.note(`${pipeline.name}  ${group}: ${what} ${list.length}`);
}

async function drop(engine: Engine, { pipeline, group, debts }: PipelineDebts): Promise<number> {
  await using client = await connect(engine.targetOf(pipeline), 'dlq');
  return await dropDebts(client, group, debts);
}

function line({ id, at, state, pipeline, table, key, code, cause, attempt }: Failure): string {
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  return `${id ?? pipeline}  ${at.toISOString()}  ${state}  ${table} ${key ?? '(key unknown)'}  ${code}${again}: ${cause}`;
}

async function open(
  context: CommandContext,
  options: JsonOption,
): Promise<{ terminal: Terminal; engine: Engine }> {
  const terminal = openTerminal(context.env, options.json === true);
  return { terminal, engine: new Engine(await config(context), createLog(terminal, true)) };
}
