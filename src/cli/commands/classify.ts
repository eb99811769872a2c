import pg from 'pg';
import { parseTableName } from '../../change/table.ts';
import { assertAccount } from '../../consumers/classify/accounts.ts';
import { dryRun } from '../../consumers/classify/dry-run.ts';
import { classifyPipeline } from '../../consumers/classify/pipeline.ts';
import { BATCH_SIZE, RECLASSIFY } from '../../consumers/classify/refresh-options.ts';
import { readExamples } from '../../consumers/classify/report-examples.ts';
import { type ClassifyReport, classifyReport, reportText } from '../../consumers/classify/report.ts';
import { consumerGroup } from '../../consumers/pipeline-runner.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { connect } from '../../runtime/postgres.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { readTallies } from '../../sinks/refresh-tallies.ts';
import { runBackfill } from '../backfill/run-backfill.ts';
import type { RegisterCommands } from '../command-groups.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { assertReachable } from '../doctor.ts';
import { Engine } from '../engine.ts';
import { rowsBetween } from '../option-values.ts';
import { ProgressLine } from '../progress-line.ts';
import { createLog, openTerminal, type Terminal } from '../terminal.ts';

interface ClassifyOptions extends JsonOption {
  readonly accountId?: string;
  readonly dryRun?: boolean;
  readonly batchSize: number;
  readonly resume?: boolean;
  readonly reclassify?: boolean;
  readonly keepSlot?: boolean;
}

/** What one run works with. */
interface Run {
  readonly engine: Engine;
  readonly options: ClassifyOptions;
  readonly account: string | null;
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
}

const DEFAULT_BATCH = 2_000;
const INTERRUPTED = 130;
const PARTIAL = 5;

export const registerClassify: RegisterCommands = ({ backfill }, context) => {
  backfill
    .command('classify')
    .description('give every URL its page type, and print a summary; what people set is never touched')
    .option('--account-id <id>', 'only the URLs of this account')
    .option('--dry-run', 'the same summary of what would be done, with examples; writes nothing at all')
    .option('--batch-size <n>', 'rows of one UPDATE statement, 1 to 10000', rowsBetween(1, 10_000), DEFAULT_BATCH)
    .option('--resume', 'go on with the last backfill that was stopped, if there is one')
    .option('--reclassify', 'judge again what this version of the classifier has judged')
    .option('--keep-slot', 'keep a replication slot that had to be made: a capture must then be started soon')
    .option('--json', 'the summary as one JSON object')
    .action((options: ClassifyOptions) => backfillCommand(context, options));
};

async function backfillCommand(context: CommandContext, options: ClassifyOptions): Promise<void> {
  if (options.dryRun === true && options.resume === true) {
    throw new FreshetError('USAGE', '--dry-run and --resume do not go together', {
      cure: 'A dry run keeps no progress: leave one of them out.',
    });
  }
  const terminal = openTerminal(context.env, options.json === true);
  const engine = new Engine(await config(context), createLog(terminal, true));
  using stop = stopOnSignals(() => terminal.note('\nstopping; --resume goes on'));
  using progress = new ProgressLine(terminal);
  const account = options.accountId ?? null;
  const run = { engine, options, account, signal: stop.signal, progress };
  const report = options.dryRun === true ? await tryOut(run) : await classify(run);
  progress[Symbol.dispose]();
  finish(terminal, report);
}

/** Reads the source in one snapshot, and writes nothing anywhere. */
async function tryOut({ engine, options, account, signal, progress }: Run): Promise<ClassifyReport> {
  const startedAt = performance.now();
  const tables = engine.config.classify;
  const client = await connect(engine.sourceOf(classifyPipeline(tables)).connection, 'dry run');
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    if (account !== null) await assertAccount(client, tables, account);
    let rows = 0;
    const { tally, examples } = await dryRun(client, tables, {
      account,
      anew: options.reclassify === true,
      pageRows: options.batchSize,
      signal,
      progress: (more) => progress.update('judging', (rows += more), -1),
    });
    const seconds = (performance.now() - startedAt) / 1_000;
    const none = { refresh: null, deadLetters: 0, interrupted: false };
    return classifyReport({ ...none, account, tally, examples, seconds });
  } finally {
    await client.end();
  }
}

async function classify({ engine, options, account, signal, progress }: Run): Promise<ClassifyReport> {
  const startedAt = performance.now();
  await assertReachable(engine.config);
  const tables = engine.config.classify;
  const pipeline = classifyPipeline(tables);
  const source = engine.sourceOf(pipeline);
  const client = await connect(engine.targetOf(pipeline), 'backfill classify');
  try {
    if (account !== null) await assertAccount(client, tables, account);
    const where = account === null ? null : `account_id = ${pg.escapeLiteral(account)}`;
    const outcome = await runBackfill(
      engine,
      {
        pipeline,
        source,
        parts: [{ table: parseTableName(tables.urls), where, keys: null }],
        options: {
          [RECLASSIFY]: String(options.reclassify === true),
          [BATCH_SIZE]: String(options.batchSize),
        },
        keepSlot: options.keepSlot === true,
        resume: options.resume === true,
      },
      {
        signal,
        progress: ({ phase, rowsPublished, rowsApplied, estimatedRows }) =>
          progress.update(phase, phase === 'applying' ? rowsApplied : rowsPublished, phase === 'applying' ? rowsPublished : estimatedRows),
      },
    );
    return classifyReport({
      refresh: outcome.id,
      account,
      tally: await readTallies(client, consumerGroup(source.prefix, pipeline), outcome.id),
      examples: { ...(await readExamples(client, tables, account)), changes: [], bad_patterns: [] },
      deadLetters: outcome.deadLetters,
      interrupted: outcome.interrupted,
      seconds: (performance.now() - startedAt) / 1_000,
    });
  } finally {
    await client.end();
  }
}

function finish(terminal: Terminal, report: ClassifyReport): void {
  terminal.out(terminal.json ? JSON.stringify(report) : reportText(report));
  if (report.interrupted) process.exitCode = INTERRUPTED;
  else if (report.dead_letters > 0) process.exitCode = PARTIAL;
}
