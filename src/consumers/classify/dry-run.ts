import type { ClientBase } from 'pg';
import { readPatterns } from './account-patterns.ts';
import { CLASSIFIER_VERSION } from './classifier.ts';
import type { DirectoryMatcher } from './directory-patterns.ts';
import { INVALID_RULE, type Judgement, LOW_CONFIDENCE, type PageTypeValue, UrlJudge } from './judge.ts';
import { type ClassifyExamples, ExampleCollector } from './report-examples.ts';
import { type ClassifyTables, tableExists, urlTypes } from './tables.ts';
import { ClassifyTally } from './tally.ts';
import { UrlReader } from './url-reader.ts';
import type { UrlRow } from './url-row.ts';

export interface DryRunOptions {
  /** Null: all accounts. */
  readonly account: string | null;
  /** Rows that the version in force has judged are judged again. */
  readonly anew: boolean;
  /** Rows that are read at once. */
  readonly pageRows: number;
  readonly signal: AbortSignal;
  readonly progress: (rows: number) => void;
}

interface DryRun {
  readonly tally: ReadonlyMap<string, number>;
  readonly examples: ClassifyExamples;
}

/**
 * Judges the rows as a backfill would, and writes nothing. `client` must be in a read-only transaction
 * with a snapshot of its own. Throws PREFLIGHT where the table is not as needed.
 */
export async function dryRun(
  client: ClientBase,
  tables: ClassifyTables,
  options: DryRunOptions,
): Promise<DryRun> {
  const judge = new UrlJudge();
  const tally = new ClassifyTally();
  const examples = new ExampleCollector();
  const reader = new UrlReader(tables, await urlTypes(client, tables));
  const { account, anew } = options;
  const matchers = await matchersOf(client, tables, account, examples);
  for await (const rows of reader.pages(client, account, options.pageRows)) {
    options.signal.throwIfAborted();
    for (const row of rows) {
      const judgement = judge.judge(row, matchers.get(row.account_id ?? ''), anew);
      count(row, judgement, tally, examples);
    }
    options.progress(rows.length);
  }
  return { tally: tally.counts, examples: examples.examples };
}

async function matchersOf(
  client: ClientBase,
  { patterns }: ClassifyTables,
  account: string | null,
  examples: ExampleCollector,
): Promise<ReadonlyMap<string, DirectoryMatcher>> {
  if (!(await tableExists(client, patterns))) return new Map();
  const { matchers, problems } = await readPatterns(client, patterns, account === null ? null : [account]);
  for (const problem of problems) examples.badPattern(problem);
  return matchers;
}

function count(row: UrlRow, judgement: Judgement, tally: ClassifyTally, examples: ExampleCollector): void {
  if (judgement.kind === 'kept') return tally.add(row, 'manual', null);
  const rule = judgement.kind === 'judged' ? judgement.value.rule : row.page_type_rule;
  if (rule === INVALID_RULE) examples.error(row);
  if (judgement.kind === 'unchanged') {
    tally.add(row, 'unchanged', { type: row.page_type ?? '', rule, confidence: null });
    return;
  }
  const { value } = judgement;
  const isSame = holds(row, value);
  tally.add(row, isSame ? 'unchanged' : 'classified', value);
  if (!isSame) examples.change(row, value);
  if (rule !== INVALID_RULE && value.confidence < LOW_CONFIDENCE) examples.lowConfidence(row, value);
}

function holds(row: UrlRow, { type, rule, inputs }: PageTypeValue): boolean {
  return (
    row.page_type === type &&
    row.page_type_rule === rule &&
    row.page_type_inputs === inputs &&
    row.page_type_version === CLASSIFIER_VERSION
  );
}
