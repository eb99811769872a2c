import { describe, expect, it } from 'vitest';
import type { ChangeRecord } from '../../src/change/change.ts';
import { type CaptureContext, captureContext, stateOf, until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { services } from '../support/services.ts';

async function withTables(rows: number): Promise<TestDatabase> {
  const database = await createDatabase();
  for (const table of ['items', 'others']) {
    await database.pool.query(`CREATE TABLE ${table} (id int PRIMARY KEY, name text, n int)`);
    await database.pool.query(
      `INSERT INTO ${table} SELECT i, 'item ' || i, i FROM generate_series(1, ${rows}) i`,
    );
  }
  return database;
}

/** What a capture told, in the words of these tests. */
function told() {
  const story = {
    finished: new Set<string>(),
    halted: new Map<string, { code: string; cure: string }>(),
    revived: 0,
  };
  const observer = {
    progress: (plan: { request: { table: { name: string } }; finishedAt: string | null }) => {
      if (plan.finishedAt === null) story.finished.delete(plan.request.table.name);
      else story.finished.add(plan.request.table.name);
    },
    halted: (table: string, halt: { code: string; cure: string }) => void story.halted.set(table, halt),
    revived: (table: string) => {
      story.revived += 1;
      story.halted.delete(table);
    },
  };
  return { story, observer };
}

/** Last row of each key as the topic tells it, in the source's columns of now. A sweep removes what is older. */
function rowsIn(changes: readonly ChangeRecord[], columns: readonly string[]): Record<string, unknown>[] {
  const sweeps = changes.flatMap((change) => (change.op === 'sweep' ? [change.before] : []));
  const kept = [...stateOf(changes).values()].filter(
    ({ position }) => position.epoch >= Math.max(0, ...sweeps),
  );
  return kept
    .map((change) => ('after' in change ? change.after : {}))
    .map((row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null])))
    .toSorted((a, b) => Number(a['id']) - Number(b['id']));
}

async function expectSourceState(
  database: TestDatabase,
  context: CaptureContext,
  table = 'items',
): Promise<void> {
  const { rows, fields } = await database.pool.query<object>(`SELECT * FROM ${table} ORDER BY id`);
  const columns = fields.map(({ name }) => name);
  const found = async (): Promise<object[]> => rowsIn(await context.read(table), columns);
  const deadline = Date.now() + 60_000;
  while (JSON.stringify(await found()) !== JSON.stringify(rows) && Date.now() < deadline);
  expect(await found()).toEqual(rows);
}

async function compatibility(subject: string, level: string): Promise<void> {
  const response = await fetch(`${services().registryUrl}/config/${encodeURIComponent(subject)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ compatibility: level }),
  });
  if (!response.ok) throw new Error(await response.text());
}

describe('a table that changes its shape', () => {
  it.each<[string, readonly string[]]>([
    ['gets a column', ['ALTER TABLE items ADD c text', "INSERT INTO items VALUES (9, 'new', 9, 'c')"]],
    ['loses a column', ['ALTER TABLE items DROP n', "INSERT INTO items VALUES (9, 'new')"]],
    ['has a column renamed', ['ALTER TABLE items RENAME n TO m', "INSERT INTO items VALUES (9, 'new', 9)"]],
    [
      'has the type of a column changed',
      [`ALTER TABLE items ALTER n TYPE text USING 'n' || n`, "INSERT INTO items VALUES (9, 'new', '9')"],
    ],
    ['gets a column with a default, and nothing else', ['ALTER TABLE items ADD c int DEFAULT 7']],
    ['gets a column with a volatile default', ['ALTER TABLE items ADD c text DEFAULT md5(random()::text)']],
    [
      'has another name for a while',
      [
        `BEGIN; ALTER TABLE items RENAME TO things; UPDATE things SET n = -1 WHERE id = 1;
         DELETE FROM things WHERE id = 3; ALTER TABLE things RENAME TO items; COMMIT`,
      ],
    ],
    [
      'has its name taken by another table for a while',
      [
        `BEGIN; ALTER TABLE items RENAME TO things; ALTER TABLE others RENAME TO items;
         INSERT INTO items VALUES (9, 'not ours', 9); DELETE FROM things WHERE id = 3;
         ALTER TABLE items RENAME TO others; ALTER TABLE things RENAME TO items; COMMIT`,
        'UPDATE items SET n = 100 WHERE id = 2',
      ],
    ],
    [
      'changes in the middle of a transaction',
      [
        `BEGIN; UPDATE items SET n = -1 WHERE id = 1; ALTER TABLE items ADD c int DEFAULT 3;
         INSERT INTO items VALUES (9, 'new', 9, 9); UPDATE items SET c = 4 WHERE id = 2; DELETE FROM items WHERE id = 3;
         ALTER TABLE items DROP name; INSERT INTO items VALUES (10, 10, 10); COMMIT`,
      ],
    ],
  ])('and %s goes on, old rows included', async (_what, statements) => {
    await using database = await withTables(5);
    const context = captureContext(database, ['items']);
    const { story, observer } = told();
    await using _ = context.start(observer);
    await until('the snapshot is finished', () => story.finished.has('items'));
    for (const statement of statements) await database.pool.query(statement);
    await expectSourceState(database, context);
    expect(story.halted.size).toBe(0);
  });

  it('between two chunks has all its rows in the new shape in the end, and a schema version for each', async () => {
    await using database = await withTables(4_000);
    const context = captureContext(database, ['items'], {
      stream: { queueBytes: 1 << 20, batchRecords: 200, batchBytes: 1 << 20 },
    });
    const { story, observer } = told();
    let published = 0;
    await using _ = context.start({ ...observer, published: (_t, _o, rows) => (published += rows) });
    await until('a part is published', () => published >= 400);
    expect(story.finished.size).toBe(0);
    await database.pool.query(`ALTER TABLE items ADD c int DEFAULT 7`);
    await database.pool.query(`UPDATE items SET n = 0 WHERE id % 400 = 0`);
    await until('the refresh is finished', () => story.finished.has('items'));
    await expectSourceState(database, context);
    const subject = encodeURIComponent(`${context.config.prefix}.public.items-value`);
    const versions = await fetch(`${services().registryUrl}/subjects/${subject}/versions`);
    expect(await versions.json()).toEqual([1, 2]);
  });
});

describe('a table that cannot go on', () => {
  it.each<[string, string, readonly string[], string, RegExp, string]>([
    [
      'as its key is dropped',
      'TABLE_UNSUPPORTED',
      ['ALTER TABLE items DROP CONSTRAINT items_pkey', "INSERT INTO items VALUES (8, 'x', 8)"],
      'ALTER TABLE items ADD PRIMARY KEY (id); DELETE FROM items WHERE id = 1',
      /ADD PRIMARY KEY/,
      'UPDATE items SET n = 100 WHERE id = 2',
    ],
    [
      'as its replica identity is lost',
      'TABLE_UNSUPPORTED',
      ['ALTER TABLE items REPLICA IDENTITY NOTHING', "INSERT INTO items VALUES (8, 'x', 8)"],
      'ALTER TABLE items REPLICA IDENTITY DEFAULT; DELETE FROM items WHERE id = 1',
      /REPLICA IDENTITY DEFAULT/,
      'UPDATE items SET n = 100 WHERE id = 2',
    ],
    [
      'as it is renamed',
      'TABLE_MISSING',
      ['ALTER TABLE items RENAME TO things'],
      'DELETE FROM things WHERE id = 1; ALTER TABLE things RENAME TO items',
      /its name again/,
      'UPDATE items SET n = 100 WHERE id = 2',
    ],
    [
      'as it is dropped',
      'TABLE_MISSING',
      ['DROP TABLE items'],
      `CREATE TABLE items (id int PRIMARY KEY, name text); INSERT INTO items VALUES (3, 'three')`,
      /create it/,
      "INSERT INTO items VALUES (2, 'two')",
    ],
  ])(
    '%s stops alone, and goes on with a refresh once it is cured',
    async (_what, code, damage, cure, says, after) => {
      await using database = await withTables(5);
      const context = captureContext(database, ['items', 'others']);
      const { story, observer } = told();
      await using capture = context.start(observer);
      await until('the snapshot is finished', () => story.finished.size === 2);
      for (const statement of damage) await database.pool.query(statement);
      await until('the table is halted', () => story.halted.has('public.items'));
      expect(story.halted.get('public.items')).toMatchObject({ code, cure: expect.stringMatching(says) });
      await database.pool.query('UPDATE others SET n = 50 WHERE id = 5');
      await expectSourceState(database, context, 'others');
      await capture.stop();
      const next = told();
      await using _ = context.start(next.observer);
      await until('it is still halted after a restart', () => next.story.halted.has('public.items'));
      await database.pool.query(cure);
      await until('the table goes on', () => next.story.revived === 1);
      await database.pool.query(after);
      await expectSourceState(database, context);
      await database.pool.query('DELETE FROM others WHERE id = 1');
      await expectSourceState(database, context, 'others');
    },
  );

  it('as the registry refuses its schema stops alone, and goes on once it is taken', async () => {
    await using database = await withTables(5);
    const context = captureContext(database, ['items', 'others']);
    const { story, observer } = told();
    await using _ = context.start(observer);
    await until('the snapshot is finished', () => story.finished.size === 2);
    const subject = `${context.config.prefix}.public.items-value`;
    await compatibility(subject, 'FULL');
    await database.pool.query(`ALTER TABLE items ALTER n TYPE text USING n::text`);
    await database.pool.query(`UPDATE items SET n = 'six' WHERE id = 1`);
    await until('the table is halted', () => story.halted.has('public.items'));
    expect(story.halted.get('public.items')).toMatchObject({ code: 'SCHEMA_REFUSED' });
    await database.pool.query('DELETE FROM items WHERE id = 2');
    await database.pool.query('DELETE FROM others WHERE id = 2');
    await expectSourceState(database, context, 'others');
    await compatibility(subject, 'NONE');
    await until('the table goes on', () => story.revived === 1);
    await expectSourceState(database, context);
  });

  it('under its old key is refreshed under the new one', async () => {
    await using database = await withTables(5);
    const context = captureContext(database, ['items']);
    const { story, observer } = told();
    await using _ = context.start(observer);
    await until('the snapshot is finished', () => story.finished.has('items'));
    await database.pool.query(
      'ALTER TABLE items DROP CONSTRAINT items_pkey; ALTER TABLE items ADD PRIMARY KEY (n, id)',
    );
    await database.pool.query('UPDATE items SET n = 7 WHERE id = 1');
    await until('the table goes on', () => story.revived === 1);
    await until('the refresh is finished', () => story.finished.has('items'));
    await expectSourceState(database, context);
    const changes = await context.read('items');
    const keys = changes.flatMap((change) => ('key' in change && change.op === 'r' ? [change.key] : []));
    expect(keys.filter((key) => 'n' in key).length).toBe(5);
  });
});
