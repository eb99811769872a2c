import { writeFile } from 'node:fs/promises';
import type { Admin } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { CaptureConfig } from '../../src/capture/capture-config.ts';
import { startServices } from '../../src/embedded/services.ts';
import { checkpointTopic } from '../../src/topics/names.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { type CaptureContext, captureContext, stateOf, until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { services } from '../support/services.ts';
import { temporaryDataDir } from '../support/services-environment.ts';

async function withRows(server?: string): Promise<TestDatabase> {
  const database = await createDatabase(server);
  await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, n int)');
  await database.pool.query('INSERT INTO items SELECT i, i FROM generate_series(1, 5) i');
  return database;
}

/** Starts a capture, and resolves when its first refresh is through. */
async function started(context: CaptureContext) {
  let finished = false;
  const capture = context.start({ progress: (plan) => (finished = plan.finishedAt !== null) });
  await Promise.race([until('the refresh is finished', () => finished), capture.ended]);
  return capture;
}

async function administer(act: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = createKafka({ brokers: services().kafkaBrokers, clientId: 'test' }).admin();
  await admin.connect();
  await act(admin);
  await admin.disconnect();
}

/** As an administrator does it: whoever holds the slot is thrown out, and it is gone before he is back. */
async function dropSlot({ pool }: TestDatabase, slot: string): Promise<void> {
  await until('the slot is dropped', async () => {
    await pool.query(
      'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1',
      [slot],
    );
    await pool.query('SELECT pg_drop_replication_slot($1)', [slot]).catch(() => undefined);
    return (await pool.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [slot])).rowCount === 0;
  });
}

interface Damage {
  readonly what: string;
  readonly code: string;
  readonly says: RegExp;
  do(database: TestDatabase, config: CaptureConfig): Promise<unknown>;
}

const topicOf = ({ prefix }: CaptureConfig): string => `${prefix}.public.items`;

const DAMAGES: readonly Damage[] = [
  {
    what: 'its slot is dropped',
    code: 'SLOT_LOST',
    says: /no longer exists/,
    do: (database, { slot }) => dropSlot(database, slot),
  },
  {
    what: 'its slot is made anew by somebody',
    code: 'HISTORY_CHANGED',
    says: /ahead of what was published/,
    do: async (database, { slot }) => {
      await dropSlot(database, slot);
      await database.pool.query('INSERT INTO items VALUES (90, 90)');
      await database.pool.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
    },
  },
  {
    what: 'a table is taken out of its publication',
    code: 'PUBLICATION_CHANGED',
    says: /no longer holds table public\.items/,
    do: ({ pool }, { publication }) => pool.query(`ALTER PUBLICATION ${publication} DROP TABLE items`),
  },
  {
    what: 'a table is taken out of its publication and put back',
    code: 'PUBLICATION_CHANGED',
    says: /altered, or made anew, for table public\.items/,
    do: async ({ pool }, { publication }) => {
      await pool.query(`ALTER PUBLICATION ${publication} DROP TABLE items`);
      await pool.query('INSERT INTO items VALUES (91, 91)');
      await pool.query(`ALTER PUBLICATION ${publication} ADD TABLE items`);
    },
  },
  {
    what: 'its publication leaves out deletes for a moment',
    code: 'PUBLICATION_CHANGED',
    says: /altered/,
    do: async ({ pool }, { publication }) => {
      await pool.query(`ALTER PUBLICATION ${publication} SET (publish = 'insert, update')`);
      await pool.query('DELETE FROM items WHERE id = 2');
      await pool.query(`ALTER PUBLICATION ${publication} SET (publish = 'insert, update, delete, truncate')`);
    },
  },
  {
    what: 'its publication is dropped',
    code: 'PUBLICATION_CHANGED',
    says: /publication/,
    do: ({ pool }, { publication }) => pool.query(`DROP PUBLICATION ${publication}`),
  },
  {
    what: 'a topic is deleted',
    code: 'TOPIC_CHANGED',
    says: /is gone/,
    do: (_database, config) => administer((admin) => admin.deleteTopics({ topics: [topicOf(config)] })),
  },
  {
    what: 'a topic is deleted and created again',
    code: 'TOPIC_CHANGED',
    says: /is gone|was created again/,
    do: (_database, config) =>
      administer(async (admin) => {
        await admin.deleteTopics({ topics: [topicOf(config)] });
        await until('it is gone', async () => !(await admin.listTopics()).includes(topicOf(config)));
        const { partitions } = config.topics;
        await admin.createTopics({ topics: [{ topic: topicOf(config), numPartitions: partitions }] });
      }),
  },
  {
    what: 'a topic gets more partitions',
    code: 'TOPIC_CHANGED',
    says: /has 7 partitions, had 3/,
    do: (_database, config) =>
      administer((admin) =>
        admin.createPartitions({ topicPartitions: [{ topic: topicOf(config), count: 7 }] }),
      ),
  },
  {
    what: 'the checkpoint is lost',
    code: 'HISTORY_CHANGED',
    says: /its checkpoint does not/,
    do: (_database, { prefix }) =>
      administer((admin) => admin.deleteTopics({ topics: [checkpointTopic(prefix)] })),
  },
];

async function expectRefreshed(database: TestDatabase, context: CaptureContext): Promise<void> {
  let state: unknown[] = [];
  const { rows } = await database.pool.query<{ id: number }>('SELECT id, n FROM items ORDER BY id');
  await until('every row is there in the new epoch', async () => {
    const changes = await context.read('items').catch(() => []);
    const sweeps = changes.flatMap((change) => (change.op === 'sweep' ? [change.before] : []));
    const last = Math.max(0, ...changes.map(({ position }) => position.epoch));
    state = [...stateOf(changes).values()].filter(({ position }) => position.epoch === last);
    return sweeps.includes(last) && state.length === rows.length;
  });
  expect(state.length).toBe(rows.length);
}

describe('a capture that is stopped', () => {
  it.each(DAMAGES)(
    'says so when $what meanwhile, and refreshes everything where that is configured',
    async (damage) => {
      await using database = await withRows();
      const context = captureContext(database, ['items']);
      await (await started(context)).stop();
      await damage.do(database, context.config);
      await database.pool.query('DELETE FROM items WHERE id = 1');
      await using stopped = context.start();
      await expect(stopped.ended).rejects.toMatchObject({
        code: damage.code,
        exitCode: 4,
        message: expect.stringMatching(damage.says),
        cure: expect.stringMatching(/refresh|prefix/),
      });
      let connected = false;
      await using _ = context.start({ connected: () => (connected = true) }, { onSlotLoss: 'refresh' });
      await until('it is connected', () => connected);
      await expectRefreshed(database, context);
    },
  );
});

describe('a capture that runs', () => {
  // A topic that is there again before anybody looked, and is written to, shows in the consumers' offsets.
  it.each(DAMAGES.filter(({ what }) => !what.includes('created again')))(
    'ends when $what',
    async (damage) => {
      await using database = await withRows();
      const context = captureContext(database, ['items']);
      await using capture = await started(context);
      await damage.do(database, context.config);
      const write = setInterval(
        () => void database.pool.query('UPDATE items SET n = n + 1').catch(() => {}),
        100,
      );
      try {
        await expect(capture.ended).rejects.toMatchObject({ code: damage.code, exitCode: 4 });
      } finally {
        clearInterval(write);
      }
    },
  );

  it('closes the gap by itself where that is configured', async () => {
    await using database = await withRows();
    const context = captureContext(database, ['items'], { onSlotLoss: 'refresh' });
    await using capture = await started(context);
    await database.pool.query(`ALTER PUBLICATION ${context.config.publication} DROP TABLE items`);
    await database.pool.query('DELETE FROM items WHERE id = 1');
    await expectRefreshed(database, context);
    await expect(capture.stop()).resolves.toBeUndefined();
  });

  it('refuses a publication that leaves something out', async () => {
    await using database = await withRows();
    const context = captureContext(database, ['items']);
    const { publication } = context.config;
    await database.pool.query(`CREATE PUBLICATION ${publication} FOR TABLE items WHERE (id > 2)`);
    await using capture = context.start();
    await expect(capture.ended).rejects.toMatchObject({
      code: 'PREFLIGHT',
      message: expect.stringMatching(/leaves out rows of table public\.items/),
    });
  });
});

describe('a capture of a server of its own', { timeout: 180_000 }, () => {
  it('notices a lost slot, another timeline and another cluster; a failover slot goes on', async () => {
    const { kafkaBrokers, registryUrl } = services();
    await using folder = await temporaryDataDir();
    await using server = await startServices({
      dataDir: folder.path,
      kafka: { brokers: kafkaBrokers },
      registry: { url: registryUrl },
    });
    await using database = await withRows(server.urls.sourceUrl);
    const { pool } = database;
    const context = captureContext(database, ['items']);
    const failover = captureContext(database, ['items'], { failoverSlot: true });
    for (const each of [context, failover]) await (await started(each)).stop();
    const slots = await pool.query<{ failover: boolean }>(
      'SELECT failover FROM pg_replication_slots WHERE slot_name IN ($1, $2) ORDER BY failover',
      [context.config.slot, failover.config.slot],
    );
    expect(slots.rows.map((row) => row.failover)).toEqual([false, true]);

    // A recovery that ends begins a new timeline, as a promoted standby does; until then the server can be read.
    const { rows } = await pool.query<{ folder: string }>(
      `SELECT current_setting('data_directory') AS folder`,
    );
    await pool.query(`ALTER SYSTEM SET restore_command = 'sleep 0.5; false'`);
    await writeFile(`${rows[0]?.folder}/recovery.signal`, '');
    await server.restart('postgres');
    await using onOther = context.start();
    await expect(onOther.ended).rejects.toMatchObject({
      code: 'HISTORY_CHANGED',
      exitCode: 4,
      message: expect.stringMatching(/timeline changed from 1 to 2/),
    });
    let published = 0;
    await using goesOn = failover.start({ published: (_t, _o, count) => (published += count) });
    await pool.query('INSERT INTO items VALUES (50, 50)');
    await until('the failover slot goes on', () => published > 0);
    await goesOn.stop();

    await pool.query(`ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'`);
    await pool.query('SELECT pg_reload_conf()');
    await until('the slot is lost', async () => {
      await pool.query('CREATE TABLE IF NOT EXISTS filler (t text)');
      await pool.query(`INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 20000)`);
      await pool.query('SELECT pg_switch_wal()');
      await pool.query('CHECKPOINT');
      const status = await pool.query<{ wal_status: string }>(
        'SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1',
        [failover.config.slot],
      );
      return status.rows[0]?.wal_status === 'lost';
    });
    await using lost = failover.start();
    await expect(lost.ended).rejects.toMatchObject({
      code: 'SLOT_LOST',
      exitCode: 4,
      message: expect.stringMatching(/removed WAL/),
    });
    await using refreshed = failover.start({}, { onSlotLoss: 'refresh' });
    await expectRefreshed(database, failover);
    await refreshed.stop();

    await using elsewhere = await withRows();
    await elsewhere.pool.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [
      failover.config.slot,
    ]);
    await using moved = failover.start({}, { connection: { url: elsewhere.url }, database: elsewhere.name });
    await expect(moved.ended).rejects.toMatchObject({
      code: 'HISTORY_CHANGED',
      exitCode: 4,
      message: expect.stringMatching(/another cluster now|ahead of/),
    });
  });
});
