import { formatTable, type TableId } from '../change/table.ts';
import { ATTEMPT_OPTION } from '../consumers/dead-letters.ts';
import { keyParts } from '../consumers/refresh-keys.ts';
import { FreshetError } from '../runtime/errors.ts';
import { connect } from '../runtime/postgres.ts';
import { type Debt, dropDebts } from '../sinks/owed-keys.ts';
import { type BackfillRequest, runBackfill } from './backfill/run-backfill.ts';
import type { PipelineDebts } from './dead-letters.ts';
import type { Engine } from './engine.ts';

/** Keys of one request. */
const KEYS_AT_ONCE = 2_000;

type Part = BackfillRequest['parts'][number];

/** Debts whose keys are known, and those that only a refresh of the whole table can make up for. */
export function splitDebts(debts: readonly Debt[]): { keyed: Debt[]; unkeyed: Debt[] } {
  return {
    keyed: debts.filter(({ keyText }) => keyText !== null),
    unkeyed: debts.filter(({ keyText }) => keyText === null),
  };
}

/**
 * Has the current rows of the keys published and applied; what is complete settles its debts. Records whose
 * keys are not known are settled once their whole table came. False where the signal came first.
 */
export async function retryDebts(
  engine: Engine,
  owed: PipelineDebts,
  debts: { readonly keyed: readonly Debt[]; readonly unkeyed: readonly Debt[] },
  signal: AbortSignal,
): Promise<boolean> {
  if (owed.pipeline.posted) throw cannotReadAgain(owed.pipeline.name);
  for (const [failures, group] of Map.groupBy(debts.keyed, (debt) => debt.failures)) {
    for (let at = 0; at < group.length; at += KEYS_AT_ONCE) {
      const some = group.slice(at, at + KEYS_AT_ONCE);
      const parts = keyParts(tablesOf(owed, some), owed.tableOf, some);
      if (!(await refresh(engine, owed, parts, failures + 1, signal))) return false;
    }
  }
  if (debts.unkeyed.length === 0) return true;
  const attempt = Math.max(...debts.unkeyed.map(({ failures }) => failures)) + 1;
  if (!(await refresh(engine, owed, tableParts(owed, debts.unkeyed), attempt, signal))) return false;
  await settleUnkeyed(engine, owed, debts.unkeyed);
  return true;
}

function cannotReadAgain(pipeline: string): FreshetError {
  return new FreshetError('USAGE', `what ${pipeline} could not apply was posted: it cannot be read again`, {
    cure: `Post the items again, then drop the dead letters: freshet dlq drop ${pipeline}.`,
  });
}

/** The tables of some debts. */
export function tablesOf({ pipeline, tableOf }: PipelineDebts, debts: readonly Debt[]): TableId[] {
  const names = new Set(debts.map(({ topic }) => tableOf(topic)));
  return Object.values(pipeline.sources)
    .map(({ table }) => table)
    .filter((table) => names.has(formatTable(table)));
}

function tableParts(owed: PipelineDebts, debts: readonly Debt[]): Part[] {
  return tablesOf(owed, debts).map((table) => ({ table, where: null, keys: null }));
}

async function refresh(
  engine: Engine,
  { pipeline, source }: PipelineDebts,
  parts: readonly Part[],
  attempt: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (parts.length === 0) return true;
  const request = { pipeline, source, parts, options: { [ATTEMPT_OPTION]: String(attempt) } };
  const hooks = { signal, progress: () => {} };
  const { interrupted } = await runBackfill(engine, { ...request, keepSlot: false, resume: false }, hooks);
  return !interrupted;
}

async function settleUnkeyed(
  engine: Engine,
  { pipeline, group }: PipelineDebts,
  debts: readonly Debt[],
): Promise<void> {
  await using client = await connect(engine.targetOf(pipeline), 'dlq');
  await dropDebts(client, group, debts);
}
