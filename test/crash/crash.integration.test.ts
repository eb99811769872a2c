import { describe, expect, it } from 'vitest';
import { type ChangeRecord, UNAVAILABLE } from '../../src/change/change.ts';
import { parseLsn } from '../../src/change/lsn.ts';
import { encodePosition } from '../../src/change/position.ts';
import { createSeededRandom } from '../../src/demo/seeded-random.ts';
import { FAILPOINTS } from '../../src/runtime/failpoint.ts';
import { type CaptureContext, captureContext, SMALL_SNAPSHOT, until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { runDoomed } from './doomed-capture.ts';
import { RandomWriter } from './random-writer.ts';

/** `npm run test:soak` sets SOAK; SOAK_ROUNDS bounds it where time is short. */
const ROUNDS = process.env['SOAK'] === '1' ? Number(process.env['SOAK_ROUNDS'] ?? 50) : FAILPOINTS.length;
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const QUIET_MS = 2_500;

describe(`a capture that is killed again and again (CRASH_SEED=${SEED})`, () => {
  it(
    'publishes every change once, in order, and ends with the state of its source',
    { timeout: 120_000 + ROUNDS * 30_000 },
    async () => {
      await using database = await withItems();
      const snapshot = { ...SMALL_SNAPSHOT, chunkRows: 200, chunkBytes: 1 << 18 };
      const stream = { queueBytes: 1 << 18, batchRecords: 60, batchBytes: 1 << 18, commitIntervalMs: 6 };
      const context = captureContext(database, ['items'], { snapshot, stream });
      const writer = new RandomWriter(database.pool, SEED);
      const killedAt: string[] = [];
      try {
        const random = createSeededRandom(SEED);
        for (let round = 0; round < ROUNDS; round++)
          killedAt.push(await crashOnce(context, round, (below) => Math.floor(random.next() * below)));
      } finally {
        await writer.stop();
      }
      await catchUp(database, context);
      const changes = await context.read('items');
      process.stdout.write(
        `killed at: ${JSON.stringify(tally(killedAt))}, ${writer.transactions} transactions\n`,
      );
      expect(killedAt.filter((how) => how !== 'time')).not.toEqual([]);
      expect(decreasing(changes)).toEqual([]);
      expect(stateIn(changes)).toEqual(await stateOfSource(database));
    },
  );
});

function tally(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

async function withItems(): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, n int, body text)');
  await database.pool.query('ALTER TABLE items ALTER body SET STORAGE EXTERNAL');
  await database.pool.query(
    `INSERT INTO items SELECT i, i, repeat(i::text, 900) FROM generate_series(0, 2999) i`,
  );
  return database;
}

/** Starts a capture that kills itself at the round's failpoint, some time that it is reached; tells which one it was, or "time". */
async function crashOnce(
  { config }: CaptureContext,
  round: number,
  next: (below: number) => number,
): Promise<string> {
  const failpoint = FAILPOINTS[round % FAILPOINTS.length] ?? 'before-publish';
  // A kill some milliseconds after the start of a publish falls between its records and its commit.
  const delayMs = failpoint === 'before-publish' ? next(6) : 0;
  return (await runDoomed(config, { failpoint, time: 1 + next(12), delayMs })) ? failpoint : 'time';
}

async function catchUp(database: TestDatabase, context: CaptureContext): Promise<void> {
  const { rows } = await database.pool.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  const end = parseLsn(rows[0]?.lsn ?? '');
  let passed = 0n;
  let committedAt = Date.now();
  await using _ = context.start({
    committed: (commit) => {
      passed = commit.state.passed;
      if (commit.records > 0) committedAt = Date.now();
    },
  });
  // Rows that are still owed, or a snapshot that goes on, would show as records.
  await until(
    'the capture has caught up',
    () => passed >= end && Date.now() - committedAt > QUIET_MS,
    60_000,
  );
}

/** Keys whose positions do not strictly increase. */
function decreasing(changes: readonly ChangeRecord[]): string[] {
  const last = new Map<string, string>();
  return changes.flatMap((change) => {
    if (change.op === 'sweep' || change.op === 't') return [];
    const key = String(change.key['id']);
    const position = encodePosition(change.position);
    const before = last.get(key) ?? '';
    last.set(key, position);
    return position > before ? [] : [`${key}: ${position} after ${before}`];
  });
}

/** Last row of each key, an unavailable value taken from the row before. */
function stateIn(changes: readonly ChangeRecord[]): Record<string, string> {
  const rows = new Map<string, { n: unknown; body: unknown }>();
  for (const change of changes) {
    if (change.op === 'sweep' || change.op === 't') continue;
    const key = String(change.key['id']);
    if (change.op === 'd') {
      rows.delete(key);
      continue;
    }
    const { n, body } = change.after;
    const old = rows.get(key);
    if (body === UNAVAILABLE && old === undefined) continue;
    rows.set(key, { n, body: body === UNAVAILABLE ? old?.body : body });
  }
  return Object.fromEntries([...rows].map(([key, { n, body }]) => [key, `${String(n)} ${String(body)}`]));
}

async function stateOfSource(database: TestDatabase): Promise<Record<string, string>> {
  const { rows } = await database.pool.query<{ id: number; n: number; body: string }>(
    'SELECT id, n, body FROM items',
  );
  return Object.fromEntries(rows.map(({ id, n, body }) => [String(id), `${n} ${body}`]));
}
