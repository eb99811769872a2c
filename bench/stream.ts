import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { formatTable } from '../src/change/table.ts';
import type { BenchContext } from './bench-context.ts';
import { debeziumContender } from './debezium-run.ts';
import type { Contender, ContenderResult, Figures } from './figures.ts';
import { throughputFigures } from './figures.ts';
import { UsageMeter } from './process-usage.ts';
import { measureFreshet } from './snapshot.ts';
import { CATALOG, fillCatalog, writeLargeTransaction, writeSmallTransactions } from './tables.ts';

const run = promisify(execFile);
const BACKLOGS = {
  'one transaction': writeLargeTransaction,
  'transactions of 100': writeSmallTransactions,
} as const;

/** A backlog of changes, written while the slots hold it, then drained by every run from a slot of its own. */
export async function benchStream(context: BenchContext): Promise<ContenderResult[]> {
  const results: ContenderResult[] = [];
  for (const [title, write] of Object.entries(BACKLOGS)) {
    const drained = await drain(context, write);
    results.push(...drained.map((result) => ({ ...result, name: `${result.name}, ${title}` })));
  }
  return results;
}

async function drain(context: BenchContext, write: typeof writeLargeTransaction): Promise<ContenderResult[]> {
  const { rows, runs, peers } = context.options;
  const rowBytes = await fillCatalog(context.source, rows);
  const turns = Array.from({ length: runs }, () => context.freshName('str'));
  for (const name of turns) await prepareFreshet(context, name);
  const others = peers.map((preset) => ({ preset, slots: turns.map(() => context.freshName('dbz')) }));
  const tool = (await hasTool()) ? turns.map(() => context.freshName('raw')) : [];
  for (const slot of [...others.flatMap(({ slots }) => slots), ...tool]) await prepareSlot(context, slot);
  await write(context.source, rows);
  await context.source.query('CHECKPOINT');
  const end = await currentLsn(context);
  const measure = { snapshot: 'no_data', started: /Starting streaming/, events: rows, rowBytes } as const;
  const contenders: Contender[] = [
    {
      name: 'freshet',
      run: () => usingOnce(context, turns, (name) => drainByFreshet(context, name, rowBytes)),
    },
    ...others.map(({ preset, slots }) =>
      debeziumContender(context, preset, (run) =>
        usingOnce(context, slots, (name) => run({ name, ...measure })),
      ),
    ),
  ];
  if (tool.length > 0) {
    contenders.push({
      name: 'pg_recvlogical',
      run: () => usingOnce(context, tool, (slot) => receive(context, slot, end, rowBytes)),
    });
  }
  return context.interleave(contenders);
}

/** A capture that has published the existing rows and was stopped. */
async function prepareFreshet(context: BenchContext, name: string): Promise<void> {
  await context.prepare(
    context.job(name, { tables: [CATALOG], consume: false, until: { kind: 'snapshots' } }),
  );
}

export async function prepareSlot({ source }: BenchContext, slot: string): Promise<void> {
  await source.query(`CREATE PUBLICATION ${slot} FOR TABLE ${CATALOG.name}`);
  await source.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
}

async function usingOnce(
  context: BenchContext,
  names: string[],
  work: (name: string) => Promise<Figures>,
): Promise<Figures> {
  const name = names.shift();
  if (name === undefined) throw new Error('every slot was used');
  try {
    return await work(name);
  } finally {
    await context.forget(name);
  }
}

async function drainByFreshet(context: BenchContext, name: string, rowBytes: number): Promise<Figures> {
  const { rows } = context.options;
  return measureFreshet(
    context,
    name,
    CATALOG,
    { kind: 'published', table: formatTable(CATALOG), op: 'u', rows },
    rowBytes,
  );
}

export async function currentLsn({ source }: BenchContext): Promise<string> {
  const { rows } = await source.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  return rows[0]?.lsn ?? '0/0';
}

export async function hasTool(): Promise<boolean> {
  return run('pg_recvlogical', ['--version']).then(
    () => true,
    () => false,
  );
}

/** What PostgreSQL alone can decode and send: its own receiver, writing to nowhere. */
export async function receive(
  context: BenchContext,
  slot: string,
  end: string,
  rowBytes: number,
): Promise<Figures> {
  const meter = UsageMeter.start(context.tracked(null));
  const startedAt = performance.now();
  const to = ['--start', '--no-loop', '--endpos', end, '-F', '0', '-f', '/dev/null'];
  const plugin = ['-o', 'proto_version=1', '-o', `publication_names=${slot}`];
  await run('pg_recvlogical', ['-d', context.services.urls.sourceUrl, '-S', slot, ...to, ...plugin], {
    signal: context.signal,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  return throughputFigures(context.options.rows, rowBytes, seconds, meter.stop());
}
