import { describe, expect, it } from 'vitest';
import { type ChangeRecord, UNAVAILABLE } from '../../src/change/change.ts';
import { type CaptureContext, captureContext, stateOf, until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';

type Finished = Set<string>;

function started(context: CaptureContext): {
  finished: Finished;
  capture: ReturnType<CaptureContext['start']>;
} {
  const finished: Finished = new Set();
  const capture = context.start({
    rejected: ({ message }) => {
      throw new Error(message);
    },
    progress: ({ request, finishedAt }) => void (finishedAt !== null && finished.add(request.table.name)),
  });
  return { finished, capture };
}

async function changesUntil(
  context: CaptureContext,
  table: string,
  isThere: (changes: readonly ChangeRecord[]) => boolean,
): Promise<ChangeRecord[]> {
  let changes: ChangeRecord[] = [];
  await until('the changes are published', async () => isThere((changes = await context.read(table))));
  return changes;
}

const after = (change: ChangeRecord | undefined): unknown =>
  change !== undefined && 'after' in change ? change.after : null;
const isOp = (op: string) => (change: ChangeRecord) => change.op === op;

describe('an unchanged TOASTed value', () => {
  it.each<[string, string, boolean]>([
    ['DEFAULT', 'ALTER TABLE docs REPLICA IDENTITY DEFAULT', true],
    ['FULL', 'ALTER TABLE docs REPLICA IDENTITY FULL', false],
    [
      'USING INDEX',
      'CREATE UNIQUE INDEX docs_code ON docs (code); ALTER TABLE docs REPLICA IDENTITY USING INDEX docs_code',
      true,
    ],
  ])(
    'with replica identity %s is left out or carried, never NULL, and comes with a changed key',
    async (_, identity, isLeftOut) => {
      await using database = await createDatabase();
      const { pool } = database;
      await pool.query('CREATE TABLE docs (id int PRIMARY KEY, code text NOT NULL, n int, body text)');
      await pool.query('ALTER TABLE docs ALTER body SET STORAGE EXTERNAL');
      await pool.query(identity);
      await pool.query(`INSERT INTO docs VALUES (1, 'a', 0, repeat('x', 9000))`);
      const context = captureContext(database, ['docs']);
      const { finished, capture } = started(context);
      await using _capture = capture;
      await until('the refresh is finished', () => finished.has('docs'));
      await pool.query('UPDATE docs SET n = 1');
      const updated = await changesUntil(context, 'docs', (changes) => changes.some(isOp('u')));
      const body = isLeftOut ? UNAVAILABLE : 'x'.repeat(9_000);
      expect(after(updated.find(isOp('u')))).toMatchObject({ n: 1, body });
      await pool.query(`UPDATE docs SET id = 2, code = 'b'`);
      const moved = await changesUntil(context, 'docs', (changes) =>
        [...stateOf(changes).values()].some(
          (change) =>
            after(change) !== null &&
            (after(change) as { body: unknown }).body !== UNAVAILABLE &&
            change.op !== 'u' &&
            (after(change) as { id: unknown }).id === 2,
        ),
      );
      const rows = [...stateOf(moved).values()].map(after);
      expect(rows).toEqual([{ id: 2, code: 'b', n: 1, body: 'x'.repeat(9_000) }]);
    },
  );
});

describe('a table', () => {
  it('that is partitioned is published under its own name, whichever partition a row is in or moves to', async () => {
    await using database = await createDatabase();
    const { pool } = database;
    await pool.query(
      'CREATE TABLE events (id int, day int, note text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)',
    );
    await pool.query('CREATE TABLE events_a PARTITION OF events FOR VALUES FROM (0) TO (10)');
    await pool.query('CREATE TABLE events_b PARTITION OF events FOR VALUES FROM (10) TO (20)');
    await pool.query(`INSERT INTO events VALUES (1, 1, 'a'), (2, 11, 'b')`);
    const context = captureContext(database, ['events']);
    const { finished, capture } = started(context);
    await using _capture = capture;
    await until('the refresh is finished', () => finished.has('events'));
    await pool.query('CREATE TABLE events_c PARTITION OF events FOR VALUES FROM (20) TO (30)');
    await pool.query(`INSERT INTO events VALUES (3, 21, 'c')`);
    await pool.query('UPDATE events SET day = 12 WHERE id = 1');
    await pool.query(`UPDATE events SET note = 'z' WHERE id = 2`);
    const { rows } = await pool.query<object>('SELECT * FROM events ORDER BY id');
    const changes = await changesUntil(
      context,
      'events',
      (found) => JSON.stringify(sorted(found)) === JSON.stringify(rows),
    );
    expect(sorted(changes)).toEqual(rows);
    await pool.query('TRUNCATE events');
    const { partitions } = context.config.topics;
    const emptied = await changesUntil(
      context,
      'events',
      (found) => found.filter(isOp('t')).length >= partitions,
    );
    expect(emptied.filter(isOp('t')).length).toBe(partitions);
  });

  it('has no generated columns in its topic', async () => {
    await using database = await createDatabase();
    const { pool } = database;
    await pool.query(
      'CREATE TABLE sums (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, b int)',
    );
    await pool.query('INSERT INTO sums (id, a, b) VALUES (1, 1, 1)');
    const context = captureContext(database, ['sums']);
    const { finished, capture } = started(context);
    await using _capture = capture;
    await until('the refresh is finished', () => finished.has('sums'));
    await pool.query('UPDATE sums SET a = 5, b = 6');
    const changes = await changesUntil(context, 'sums', (found) => found.some(isOp('u')));
    expect(changes.filter((change) => change.op !== 'sweep').map(after)).toEqual([
      { id: 1, a: 1, b: 1 },
      { id: 1, a: 5, b: 6 },
    ]);
  });

  it('without a primary key has the columns of its replica identity for a key', async () => {
    await using database = await createDatabase();
    const { pool } = database;
    await pool.query('CREATE TABLE tags (post int NOT NULL, tag text NOT NULL, n int)');
    await pool.query('CREATE UNIQUE INDEX tags_both ON tags (tag, post)');
    await pool.query('ALTER TABLE tags REPLICA IDENTITY USING INDEX tags_both');
    await pool.query(`INSERT INTO tags VALUES (1, 'x', 1), (1, 'y', 2)`);
    const context = captureContext(database, ['tags']);
    const { finished, capture } = started(context);
    await using _capture = capture;
    await until('the refresh is finished', () => finished.has('tags'));
    await pool.query(`UPDATE tags SET tag = 'z' WHERE tag = 'x'`);
    await pool.query(`DELETE FROM tags WHERE tag = 'y'`);
    const changes = await changesUntil(context, 'tags', (found) => found.filter(isOp('d')).length === 2);
    expect([...stateOf(changes).values()].map(after)).toEqual([{ post: 1, tag: 'z', n: 1 }]);
    expect(changes.find(isOp('c'))).toMatchObject({ key: { tag: 'z', post: 1 } });
  });

  it.each([
    ['dots and spaces', 'a.b c'],
    ['quotes', `it's "quoted"`],
    ['letters beyond ASCII', 'größe_日本'],
    ['63 bytes', 'x'.repeat(63)],
    ['upper case', 'Items'],
    ['what Avro does not know', '9-lives/$'],
  ])('with %s in its name and a column is published', async (_, name) => {
    await using database = await createDatabase();
    const { pool } = database;
    const quoted = `"${name.replaceAll('"', '""')}"`;
    await pool.query(`CREATE TABLE ${quoted} (id int PRIMARY KEY, ${quoted} text)`);
    await pool.query(`INSERT INTO ${quoted} VALUES (1, 'one')`);
    const context = captureContext(database, [name]);
    const { finished, capture } = started(context);
    await using _capture = capture;
    await until('the refresh is finished', () => finished.has(name));
    await pool.query(`UPDATE ${quoted} SET ${quoted} = 'two'`);
    const changes = await changesUntil(context, name, (found) => found.some(isOp('u')));
    expect(changes.filter((change) => change.op !== 'sweep').map(after)).toEqual([
      { id: 1, [name]: 'one' },
      { id: 1, [name]: 'two' },
    ]);
  });

  it('holds the values that are hardest to carry, and NULL in every column, in refresh and stream alike', async () => {
    await using database = await createDatabase();
    const { pool } = database;
    const types = [
      'int4',
      'int8',
      'float4',
      'float8',
      'numeric',
      'date',
      'timestamp',
      'timestamptz',
      'interval',
      'text',
      'bytea',
      'jsonb',
      'uuid',
      'bool',
      'int[]',
    ];
    await pool.query(
      `CREATE TABLE hard (id int PRIMARY KEY, ${types.map((type, i) => `c${i} ${type}`).join(', ')})`,
    );
    const rows = [
      `NULL, NULL, 'NaN', 'NaN', NULL, 'infinity', 'infinity', 'infinity', '-1 mon +3 days -04:05:06', '', '\\x', 'null', NULL, NULL, '{NULL}'`,
      `-2147483648, 9223372036854775807, '-Infinity', 'Infinity', 0.00000000000000000001, '0044-03-15 BC', '0044-03-15 12:00 BC', '0044-03-15 12:00 BC', '9000 years', E'\\u0001é', '\\xdeadbeef', '{"a": [1, null]}', '00000000-0000-0000-0000-000000000000', true, '{{1,2},{3,4}}'`,
      types.map(() => 'NULL').join(', '),
    ];
    const insert = (first: number): Promise<unknown> =>
      pool.query(`INSERT INTO hard VALUES ${rows.map((row, i) => `(${first + i}, ${row})`).join(', ')}`);
    await insert(1);
    const context = captureContext(database, ['hard']);
    const { finished, capture } = started(context);
    await using _capture = capture;
    await until('the refresh is finished', () => finished.has('hard'));
    await insert(11);
    const changes = await changesUntil(
      context,
      'hard',
      (found) => found.filter(isOp('c')).length === rows.length,
    );
    const state = stateOf(changes);
    expect(state.size).toBe(2 * rows.length);
    for (const [i] of rows.entries()) {
      const [read, streamed] = [state.get(`["${1 + i}"]`), state.get(`["${11 + i}"]`)];
      expect({ ...(after(streamed) as object), id: 0 }).toEqual({ ...(after(read) as object), id: 0 });
    }
    expect(after(state.get('["1"]'))).toMatchObject({ c2: Number.NaN, c3: Number.NaN, c9: '' });
    expect(Object.values(after(state.get('["3"]')) as object).filter((value) => value !== null)).toEqual([3]);
  });
});

function sorted(changes: readonly ChangeRecord[]): unknown[] {
  return [...stateOf(changes).values()]
    .map((change) => after(change) as { id: number })
    .toSorted((a, b) => a.id - b.id);
}
