import { describe, expect, it } from 'vitest';
import { type ChangeRecord, UNAVAILABLE } from '../../src/change/change.ts';
import { captureContext, stateOf, until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const LIMIT = 8 * 1024 * 1024;
const TOO_LARGE = LIMIT + 1_000;
const LARGEST = LIMIT - 1_000;

const letter = (keyText: string) => ({ table: 'public.items', keyText, code: 'RECORD_TOO_LARGE' });

describe('a row above the record limit', () => {
  it('becomes a dead letter that points at it, from chunk and stream; the others go on, and it once it fits', async () => {
    await using database = await createDatabase();
    await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, body text)');
    await database.pool.query(
      `INSERT INTO items SELECT i, repeat('x', CASE i WHEN 2 THEN ${TOO_LARGE} WHEN 3 THEN ${LARGEST} ELSE 10 END)
         FROM generate_series(1, 4) i`,
    );
    await using capture = run(database);
    await until('the refresh is finished', () => capture.isRefreshed);
    expect(capture.letters).toEqual([letter('["2"]')]);
    await database.pool.query(`UPDATE items SET body = repeat('y', ${TOO_LARGE}) WHERE id = 1`);
    await database.pool.query(`UPDATE items SET body = 'last' WHERE id = 4`);
    const bodies = async (): Promise<Record<string, number>> => {
      const state = stateOf(await capture.read());
      const rows = [...state.values()].flatMap((change) => ('after' in change ? [change] : []));
      return Object.fromEntries(
        rows.map(({ key, after }) => [String(key['id']), String(after['body']).length]),
      );
    };
    await until('row 4 is there', async () => (await bodies())['4'] === 4);
    expect(capture.letters).toEqual([letter('["2"]'), letter('["1"]')]);
    expect(await bodies()).toEqual({ 1: 10, 3: LARGEST, 4: 4 });
    await database.pool.query(`UPDATE items SET body = 'small' WHERE id < 3`);
    await until('they fit now', async () => (await bodies())['2'] === 5);
    expect(await bodies()).toEqual({ 1: 5, 2: 5, 3: LARGEST, 4: 4 });
  });

  it('is never shown with its new small columns and its old large one', async () => {
    await using database = await createDatabase();
    await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, n int, body text, more text)');
    await database.pool.query('ALTER TABLE items ALTER body SET STORAGE EXTERNAL');
    await database.pool.query('ALTER TABLE items ALTER more SET STORAGE EXTERNAL');
    const half = Math.floor(LIMIT * 0.6);
    const texts = (body: number, more: number) =>
      `body = repeat('${body}', ${half}), more = repeat('${more}', ${half})`;
    await database.pool.query(
      `INSERT INTO items VALUES (1, 1, repeat('1', 3000), repeat('1', 3000)), (2, 1, '', '')`,
    );
    await using capture = run(database);
    await until('the refresh is finished', () => capture.isRefreshed);
    await database.pool.query(`UPDATE items SET n = 2, ${texts(2, 2)} WHERE id = 1`);
    await until('it is a dead letter', () => capture.letters.length === 1);
    await database.pool.query('UPDATE items SET n = 3 WHERE id = 1');
    await until('it is read, and one again', () => capture.letters.length === 2);
    await database.pool.query(`UPDATE items SET n = 4, more = 'small' WHERE id = 1`);
    await database.pool.query('UPDATE items SET n = 5 WHERE id = 1');
    await until(
      'it fits, and is read',
      async () =>
        shown(await capture.read())
          .at(-1)
          ?.startsWith('5 ') === true,
    );
    const whole = ['1 111 111', '4 222 sma', '5 222 sma'];
    expect(shown(await capture.read()).filter((row) => !whole.includes(row))).toEqual([]);
    expect(new Set(capture.letters.map(({ keyText }) => keyText))).toEqual(new Set(['["1"]']));
  });
});

/** What a sink shows of row 1, change by change: what a change leaves out stays as it was. */
function shown(changes: readonly ChangeRecord[]): string[] {
  let last: Readonly<Record<string, unknown>> = {};
  return changes.flatMap((change) => {
    if (!('after' in change) || change.key['id'] !== 1) return [];
    const known = Object.entries(change.after).filter(([, value]) => value !== UNAVAILABLE);
    last = { ...last, ...Object.fromEntries(known) };
    const { n, body, more } = last;
    return [`${String(n)} ${String(body).slice(0, 3)} ${String(more).slice(0, 3)}`];
  });
}

/** A capture of the table, with the default record limit. */
function run(database: TestDatabase) {
  const topics = { partitions: 1, replicationFactor: 1, retentionMs: 3_600_000, maxRecordBytes: LIMIT };
  const context = captureContext(database, ['items'], { topics });
  const letters: { table: string; keyText: string; code: string }[] = [];
  let isRefreshed = false;
  const capture = context.start({
    rejected: ({ table, keyText, code }) => void letters.push({ table, keyText, code }),
    progress: (plan) => (isRefreshed = plan.finishedAt !== null),
  });
  return {
    letters,
    read: () => context.read('items'),
    get isRefreshed() {
      return isRefreshed;
    },
    [Symbol.asyncDispose]: () => capture[Symbol.asyncDispose](),
  };
}
