import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodePosition } from '../../src/change/position.ts';
import { sendControl } from '../../src/topics/control-topic.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { controlTopic } from '../../src/topics/names.ts';
import { type CaptureContext, captureContext, stateOf, until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { services } from '../support/services.ts';

const kafka = createKafka({ brokers: services().kafkaBrokers, clientId: 'tables-test' });

async function withTables(): Promise<TestDatabase> {
  const database = await createDatabase();
  for (const table of ['items', 'extras']) {
    await database.pool.query(`CREATE TABLE ${table} (id int PRIMARY KEY, name text)`);
    await database.pool.query(`INSERT INTO ${table} SELECT i, 'old' FROM generate_series(1, 50) i`);
  }
  return database;
}

function ask({ config }: CaptureContext, kind: 'add-table' | 'remove-table', name: string): Promise<void> {
  const topic = { name: controlTopic(config.prefix), replicationFactor: 1, retentionMs: 3_600_000 };
  const table = { schema: 'public', name };
  return sendControl(kafka, topic, config.slot, { kind, id: randomUUID(), table });
}

/** Rows of each table that are published, and whether its first refresh has ended. */
class Seen {
  readonly rows = new Map<string, number>();
  readonly refreshed = new Set<string>();
  connections = 0;
  readonly messages: string[] = [];

  readonly observer = {
    published: (table: string, _op: string, rows: number) =>
      void this.rows.set(table, (this.rows.get(table) ?? 0) + rows),
    progress: (plan: { request: { table: { name: string } }; finishedAt: string | null }) =>
      void (plan.finishedAt === null || this.refreshed.add(plan.request.table.name)),
    connected: () => void (this.connections += 1),
    log: (_level: string, message: string) => void this.messages.push(message),
  };
}

async function slotOf({ config }: CaptureContext, database: TestDatabase): Promise<unknown> {
  const { rows } = await database.pool.query<{ active_pid: number }>(
    'SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1',
    [config.slot],
  );
  return rows;
}

async function publishedTables({ config }: CaptureContext, database: TestDatabase): Promise<string[]> {
  const { rows } = await database.pool.query<{ tablename: string }>(
    'SELECT tablename FROM pg_publication_tables WHERE pubname = $1 ORDER BY 1',
    [config.publication],
  );
  return rows.map((row) => row.tablename);
}

describe('the tables of a running capture', () => {
  it('grow by one without a restart; a transaction that was open then is not lost', async () => {
    await using database = await withTables();
    const context = captureContext(database, ['items'], { watchMs: 200 });
    const seen = new Seen();
    await using _ = context.start(seen.observer);
    await until('the first table is refreshed', () => seen.refreshed.has('items'));
    const slot = await slotOf(context, database);
    const open = await database.pool.connect();
    await open.query('BEGIN');
    await open.query(`UPDATE extras SET name = 'of an open transaction' WHERE id = 1`);
    await ask(context, 'add-table', 'extras');
    await until('it is published', async () => (await publishedTables(context, database)).includes('extras'));
    await open.query(`UPDATE extras SET name = 'later in it' WHERE id = 2`);
    await database.pool.query(`UPDATE extras SET name = 'new' WHERE id = 3`);
    await database.pool.query(`UPDATE items SET name = 'new' WHERE id = 3`);
    await until('the other table goes on', () => (seen.rows.get('public.items') ?? 0) >= 51);
    await open.query('COMMIT');
    open.release();
    await until('the new table is refreshed', () => seen.refreshed.has('extras'));
    await database.pool.query(`DELETE FROM extras WHERE id = 4`);
    await until('its changes are published', async () => !stateOf(await context.read('extras')).has('["4"]'));
    const state = stateOf(await context.read('extras'));
    expect(state.size).toBe(49);
    expect(state.get('["1"]')).toMatchObject({ after: { name: 'of an open transaction' } });
    expect(state.get('["2"]')).toMatchObject({ after: { name: 'later in it' } });
    expect(state.get('["3"]')).toMatchObject({ after: { name: 'new' } });
    expect(await slotOf(context, database)).toEqual(slot);
    expect(seen.connections).toBe(1);
  });

  it('are remembered over a restart, and one that went and comes back begins anew', async () => {
    await using database = await withTables();
    const context = captureContext(database, ['items', 'extras'], { watchMs: 200 });
    const first = new Seen();
    const one = context.start(first.observer);
    await until('both are refreshed', () => first.refreshed.size === 2);
    await ask(context, 'remove-table', 'extras');
    await until('it is out', async () => (await publishedTables(context, database)).length === 1);
    await database.pool.query('DELETE FROM extras WHERE id = 1');
    await one.stop();
    const second = new Seen();
    await using _ = context.start(second.observer);
    await until('it runs again', () => second.connections === 1);
    expect(await publishedTables(context, database)).toEqual(['items']);
    await ask(context, 'add-table', 'extras');
    await until('it is refreshed', () => second.refreshed.has('extras'));
    const changes = await context.read('extras');
    const sweeps = changes.filter((change) => change.op === 'sweep');
    expect(sweeps.length).toBe(2 * context.config.topics.partitions);
    const epochs = new Set(changes.map((change) => change.position.epoch));
    expect(epochs.size).toBe(2);
    const positions = changes.map((change) => encodePosition(change.position));
    expect(new Set(positions).size).toBe(positions.length);
    expect(changes.filter((change) => change.op === 'r')).toHaveLength(50 + 49);
  });

  it.each([
    ['add-table', 'items', /is captured already/],
    ['add-table', 'nowhere', /does not exist/],
    ['add-table', 'keyless', /has no primary key/],
    ['remove-table', 'nowhere', /is not captured/],
    ['remove-table', 'items', /is the only one/],
  ] as const)('stay as they are where a request cannot be done: %s %s', async (kind, name, message) => {
    await using database = await withTables();
    await database.pool.query('CREATE TABLE keyless (a int)');
    const context = captureContext(database, ['items']);
    const seen = new Seen();
    await using _ = context.start(seen.observer);
    await ask(context, kind, name);
    await until('it is refused', () => seen.messages.some((text) => message.test(text)));
    await database.pool.query(`UPDATE items SET name = 'new' WHERE id = 3`);
    await until('the capture goes on', () => (seen.rows.get('public.items') ?? 0) >= 51);
    expect(await publishedTables(context, database)).toEqual(['items']);
  });
});
