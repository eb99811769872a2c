import { resolve } from 'node:path';
import type { Pool } from 'pg';
import {
  parseScoreBackfillOptions,
  type ScoreBackfillOptions,
} from '../../consumers/score/backfill-options.ts';
import { runScoreBackfill } from '../../consumers/score/run-backfill.ts';
import { nextCommand, renderSummary, type ScoreBackfillTotals } from '../../consumers/score/summary.ts';
import { differencesOf, type ScoreVerification, verifyScores } from '../../consumers/score/verify.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { connect, errorMessage, sqlState } from '../../runtime/postgres.ts';
import { countText } from '../../runtime/quantity-text.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { beginReading } from '../../runtime/transactions.ts';
import { TARGET_DEFAULTS, createTargetPool } from '../../sinks/target-pool.ts';
import type { RegisterCommands } from '../command-groups.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { Engine } from '../engine.ts';
import { INTERRUPTED, PARTIAL } from '../exit-codes.ts';
import { PageProgress } from '../score/page-progress.ts';
import { scorePipeline, scoreQueue } from '../score/setup.ts';
import { createLog, openTerminal } from '../terminal.ts';

export const registerScore: RegisterCommands = ({ backfill, verify }, context) => {
  backfill
    .command('score')
    .description('enqueue a scoring job for every lead that wrote and has no score; a dry run by default')
    .option('--dry-run', 'say what would be done, and write nothing (the default)')
    .option('--apply', 'enqueue jobs and store disqualifications')
    .option('--clientId <id>', 'only the leads of this client')
    .option('--limit <n>', 'leads a page (default: 500)')
    .option('--cursor <id>', 'begin behind this lead id')
    .option('--rescore-all', 'also leads that have a score')
    .option('--delay-ms <n>', 'time between the start of one job and the next (default: 0)')
    .option('--run-until-done', 'go on to the last page; --apply does so by itself')
    .option('--single-batch', 'one page only, also with --apply')
    .option('--page-delay-ms <n>', 'pause between pages (default: 0)')
    .option('--state-file <path>', 'how far it came (default: .backfill-lead-scoring.state.json)')
    .option('--resume', 'go on from the state file; ignored with --cursor')
    .option('--json', 'the summary as one JSON object')
    .action((options: JsonOption) => backfillCommand(context, options));
  verify
    .command('score')
    .description(
      'leads without a score, doubled jobs, disqualified leads with a score or a billed call; exit 1 then',
    )
    .option('--json', 'as one JSON object')
    .action((options: JsonOption) => verifyCommand(context, options));
};

async function backfillCommand(context: CommandContext, raw: JsonOption): Promise<void> {
  const { json, ...given } = raw;
  const parsed = parseScoreBackfillOptions(given);
  const terminal = openTerminal(context.env, json === true);
  for (const notice of parsed.notices) terminal.note(`note: ${notice}`);
  const options = { ...parsed.options, stateFile: resolve(context.cwd, parsed.options.stateFile) };
  const settings = await config(context);
  const engine = new Engine(settings, createLog(terminal, true));
  const pipeline = scorePipeline(settings);
  if (options.mode === 'apply') await engine.migrate([pipeline]);
  const database =
    options.mode === 'apply' ? engine.targetOf(pipeline) : engine.sourceOf(pipeline).connection;
  const pool = createTargetPool(database, 'backfill score', TARGET_DEFAULTS);
  using stop = stopOnSignals(() => terminal.note('stopping behind this page; once more to end at once'));
  try {
    const whole = options.clientId === null && options.cursor === null && options.pages === 'all';
    using progress = new PageProgress(terminal, whole ? await estimatedLeads(pool) : null);
    const { score } = settings;
    const { totals, end } = await runScoreBackfill(
      {
        pool,
        queue: scoreQueue(settings),
        options,
        lowestScore: score.scale.min,
        maxAttempts: score.maxAttempts,
      },
      {
        signal: stop.signal,
        page: (sums) => progress.show(sums),
        retry: (message) => terminal.note(`${message}; trying again`),
        failed: (leadId, message) => terminal.note(`lead ${leadId.slice(0, 100)}: ${message}`),
      },
    );
    progress[Symbol.dispose]();
    terminal.out(
      terminal.json
        ? JSON.stringify(summaryOf(parsed.options, totals, end))
        : renderSummary(parsed.options, totals, end),
    );
    process.exitCode = end === 'interrupted' ? INTERRUPTED : totals.errors > 0 ? PARTIAL : 0;
  } finally {
    await pool.end();
  }
}

async function estimatedLeads(pool: Pool): Promise<number | null> {
  const { rows } = await pool.query<{ leads: number }>(
    `SELECT reltuples::float8 AS leads FROM pg_class WHERE oid = to_regclass('public.leads')`,
  );
  const leads = rows[0]?.leads ?? -1;
  return leads < 0 ? null : leads;
}

function summaryOf(
  options: ScoreBackfillOptions,
  totals: ScoreBackfillTotals,
  end: 'done' | 'more' | 'interrupted',
): object {
  return { mode: options.mode, end, ...totals, next: nextCommand(options, totals, end) };
}

async function verifyCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const settings = await config(context);
  const engine = new Engine(settings, createLog(terminal, true));
  await using client = await connect(engine.sourceOf(scorePipeline(settings)).connection, 'verify score');
  await beginReading(client);
  const found = await verifyScores(client, scoreQueue(settings), settings.score.scale).catch(notMigrated);
  await client.query('COMMIT');
  const differences = differencesOf(found);
  terminal.out(terminal.json ? JSON.stringify({ differences, ...found }) : linesOf(found, differences));
  process.exitCode = differences === 0 ? 0 : 1;
}

/** Undefined table, undefined column. */
const ABSENT = ['42P01', '42703', '3F000'];

function notMigrated(error: unknown): never {
  if (!ABSENT.includes(sqlState(error) ?? '')) throw error;
  throw new FreshetError('PREFLIGHT', `there is nothing to verify: ${errorMessage(error)}`, {
    cause: error,
    cure: 'Run freshet migrate, or freshet backfill score --apply.',
  });
}

function linesOf(found: ScoreVerification, differences: number): string {
  const row = (name: string, count: number, note = ''): string =>
    `${name.padEnd(44)}  ${countText(count)}${note}`;
  return [
    row('leads', found.leads),
    row('with a score', found.scored),
    row('disqualified', found.disqualified),
    row('failed jobs', found.failedJobs),
    row('wrote and have no score', found.unscored, `, a job stands for ${found.unscoredWithJob}`),
    row('dedupe keys with more than one live job', found.doubledJobs),
    row('disqualified with another score', found.wronglyScored),
    row('scores outside the scale', found.outOfScale),
    row('calls of the scorer for disqualified leads', found.callsForDisqualified),
    row('differences', differences),
  ].join('\n');
}
