import pg from 'pg';
import type { TableId } from '../../change/table.ts';
import { assertAccount } from '../../consumers/classify/accounts.ts';
import { dryRun } from '../../consumers/classify/dry-run.ts';
import { classifyPipeline } from '../../consumers/classify/pipeline.ts';
import { BATCH_SIZE, RECLASSIFY } from '../../consumers/classify/refresh-options.ts';
import { readExamples } from '../../consumers/classify/report-examples.ts';
import { type ClassifyReport, classifyReport } from '../../consumers/classify/report.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { consumerGroup } from '../../consumers/pipeline-runner.ts';
import { connect } from '../../runtime/postgres.ts';
import { beginReading } from '../../runtime/transactions.ts';
import { readTallies } from '../../sinks/refresh-tallies.ts';
import { runBackfill } from '../backfill/run-backfill.ts';
import { secondsSince } from '../elapsed.ts';
import type { Engine } from '../engine.ts';

interface ClassifyScope {
  /** Null: all accounts. */
  readonly account: string | null;
  /** Rows of one statement. */
  readonly batchSize: number;
  /** Whether rows that the version in force has judged are judged again. */
  readonly reclassify: boolean;
}

interface ClassifyBackfill extends ClassifyScope {
  readonly resume: boolean;
  readonly keepSlot: boolean;
}

interface Hooks {
  readonly signal: AbortSignal;
  /** `total` −1: not known. */
  readonly progress: (phase: string, done: number, total: number) => void;
}

/** What a backfill would do: reads the source in one snapshot, and writes nothing anywhere. Throws USAGE on an unknown account. */
export async function dryRunClassify(
  engine: Engine,
  { account, batchSize, reclassify }: ClassifyScope,
  { signal, progress }: Hooks,
): Promise<ClassifyReport> {
  const startedAt = performance.now();
  const tables = engine.config.classify;
  await using client = await connect(engine.sourceOf(classifyPipeline(tables)).connection, 'dry run');
  await beginReading(client);
  if (account !== null) await assertAccount(client, tables, account);
  let rows = 0;
  const { tally, examples } = await dryRun(client, tables, {
    account,
    anew: reclassify,
    pageRows: batchSize,
    signal,
    progress: (more) => progress('judging', (rows += more), -1),
  });
  const seconds = secondsSince(startedAt);
  const none = { refresh: null, deadLetters: 0, interrupted: false };
  return classifyReport({ ...none, account, tally, examples, seconds });
}

/** Brings page types to existing URLs, through capture and topics. Throws USAGE on an unknown account. */
export async function backfillClassify(
  engine: Engine,
  backfill: ClassifyBackfill,
  hooks: Hooks,
): Promise<ClassifyReport> {
  const startedAt = performance.now();
  const { account } = backfill;
  const tables = engine.config.classify;
  const pipeline = classifyPipeline(tables);
  const source = engine.sourceOf(pipeline);
  await using client = await connect(engine.targetOf(pipeline), 'backfill classify');
  if (account !== null) await assertAccount(client, tables, account);
  const request = { pipeline, source, ...requestOf(pipeline, backfill) };
  const { id, deadLetters, interrupted } = await runBackfill(engine, request, {
    signal: hooks.signal,
    progress: ({ phase, rowsPublished, rowsApplied, estimatedRows }) => {
      if (phase === 'applying') hooks.progress(phase, rowsApplied, rowsPublished);
      else hooks.progress(phase, rowsPublished, estimatedRows);
    },
  });
  return classifyReport({
    refresh: id,
    account,
    tally: await readTallies(client, consumerGroup(source.prefix, pipeline), id),
    examples: await readExamples(client, tables, account),
    deadLetters,
    interrupted,
    seconds: secondsSince(startedAt),
  });
}

function requestOf(
  pipeline: Pipeline,
  { account, batchSize, reclassify, resume, keepSlot }: ClassifyBackfill,
): Omit<Parameters<typeof runBackfill>[1], 'pipeline' | 'source'> {
  const where = account === null ? null : `account_id = ${pg.escapeLiteral(account)}`;
  return {
    parts: [{ table: urlsOf(pipeline), where, keys: null }],
    options: { [RECLASSIFY]: String(reclassify), [BATCH_SIZE]: String(batchSize) },
    resume,
    keepSlot,
  };
}

function urlsOf({ sources }: Pipeline): TableId {
  const table = sources['urls']?.table;
  if (table === undefined) throw new Error('the pipeline reads no URLs');
  return table;
}
