import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CaptureObserver } from '../../src/capture/observer.ts';
import type { RefreshPlanState } from '../../src/snapshot/refresh-plan.ts';
import { type ControlRequest, sendControl } from '../../src/topics/control-topic.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { controlTopic } from '../../src/topics/names.ts';
import { type CaptureContext, captureContext, until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { services } from '../support/services.ts';

const kafka = createKafka({ brokers: services().kafkaBrokers, clientId: 'control-test' });

type Part = (ControlRequest & { kind: 'refresh' })['parts'][number];

const ITEMS = { schema: 'public', name: 'items' };

async function withItems(rows: number): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, name text)');
  await database.pool.query(`INSERT INTO items SELECT i, 'item ' || i FROM generate_series(1, ${rows}) i`);
  return database;
}

function send({ config }: CaptureContext, request: ControlRequest): Promise<void> {
  const { prefix, slot } = config;
  const topic = { name: controlTopic(prefix), replicationFactor: 1, retentionMs: 3_600_000, slot };
  return sendControl(kafka, topic, request);
}

function refresh(part: Partial<Part>, id: string = randomUUID()): ControlRequest & { kind: 'refresh' } {
  const parts = [{ table: ITEMS, where: null, keys: null, ...part }];
  return { kind: 'refresh', id, group: 'some.group', options: { force: 'yes' }, parts };
}

/** The newest state of each plan. */
class Plans {
  readonly states = new Map<string, RefreshPlanState>();

  readonly observer: Partial<CaptureObserver> = {
    progress: (plan) => void this.states.set(plan.request.id, plan),
  };

  async ended(id: string): Promise<RefreshPlanState> {
    const find = (): RefreshPlanState | undefined =>
      [...this.states.values()].find(({ request }) => request.id === id || request.tag?.id === id);
    await until(`refresh ${id} has ended`, () => (find()?.finishedAt ?? null) !== null);
    return find() as RefreshPlanState;
  }

  initial(): Promise<void> {
    return until('the first refresh has ended', () =>
      [...this.states.values()].some(
        ({ request, finishedAt }) => request.tag === null && finishedAt !== null,
      ),
    );
  }
}

describe('a request of the control topic', () => {
  it('refreshes the rows of a condition, with the tag of who asked', async () => {
    await using database = await withItems(40);
    const context = captureContext(database, ['items']);
    const plans = new Plans();
    await using _ = context.start(plans.observer);
    await plans.initial();
    const request = refresh({ where: 'id <= 7' });
    await send(context, request);
    expect(await plans.ended(request.id)).toMatchObject({ status: 'finished', rowsPublished: 7 });
    const rows = (await context.read('items')).filter(
      (change) => change.op === 'r' && change.refresh !== null,
    );
    expect(rows.map((row) => (row.op === 'r' ? Number(row.key['id']) : 0)).toSorted((a, b) => a - b)).toEqual(
      [1, 2, 3, 4, 5, 6, 7],
    );
    expect(rows[0]).toMatchObject({
      refresh: { id: request.id, group: 'some.group', options: { force: 'yes' } },
    });
  });

  it('refreshes single keys, however they are written, and publishes those that are gone as deletes', async () => {
    await using database = await withItems(5);
    const context = captureContext(database, ['items']);
    const plans = new Plans();
    await using _ = context.start(plans.observer);
    await plans.initial();
    const request = refresh({ keys: [['003'], ['77'], [' 4 ']] });
    await send(context, request);
    expect(await plans.ended(request.id)).toMatchObject({ status: 'finished', rowsPublished: 3 });
    const changes = (await context.read('items')).filter(
      (change) => change.op !== 't' && change.op !== 'sweep' && change.refresh !== null,
    );
    const seen = changes.map((change) => `${change.op} ${'key' in change ? String(change.key['id']) : ''}`);
    expect(seen.toSorted((a, b) => a.localeCompare(b))).toEqual(['d 77', 'r 3', 'r 4']);
  });

  it.each([
    ['an unknown column', { where: 'colour = 1' }, 'SQL_REFUSED', /column "colour" does not exist/],
    ['an error of single rows', { where: '1 / (id - 3) > 0' }, 'SQL_REFUSED', /division by zero/],
    ['a second statement', { where: 'true; DROP TABLE items' }, 'USAGE', /";" is not allowed/],
    [
      'an unknown table',
      { table: { schema: 'public', name: 'none' } },
      'USAGE',
      /public\.none is not captured/,
    ],
    ['a key of another type', { keys: [['x']] }, 'SQL_REFUSED', /invalid input syntax/],
    ['a key of another width', { keys: [['1', '2']] }, 'USAGE', /has 2 values, the table's key has 1: id/],
    [
      'a condition that takes too long',
      { where: 'pg_sleep(0.2) IS NULL' },
      'WHERE_TIMEOUT',
      /whereTimeoutMs/,
    ],
    [
      'a condition that writes',
      { where: "pg_notify('a', 'b') IS NOT NULL AND nextval('s') > 0" },
      'SQL_REFUSED',
      /read-only/,
    ],
  ])('fails alone and says why where it holds %s', async (_what, part, code, message) => {
    await using database = await withItems(10);
    await database.pool.query('CREATE SEQUENCE s');
    const base = captureContext(database, ['items']);
    const snapshot = { ...base.config.snapshot, whereTimeoutMs: 1_000 };
    const plans = new Plans();
    let published = 0;
    await using _ = base.start(
      { ...plans.observer, published: (_t, op, rows) => (published += op === 'u' ? rows : 0) },
      { snapshot },
    );
    await plans.initial();
    const request = refresh(part);
    await send(base, request);
    const plan = await plans.ended(request.id);
    expect(plan).toMatchObject({
      status: 'failed',
      failure: { code, message: expect.stringMatching(message) },
    });
    await database.pool.query(`UPDATE items SET name = 'x' WHERE id = 1`);
    await until('the capture goes on', () => published === 1);
  });

  it('is done once over a restart, and pauses, goes on and is cancelled', async () => {
    await using database = await withItems(3_000);
    const context = captureContext(database, ['items'], {
      stream: { queueBytes: 1 << 20, batchRecords: 100, batchBytes: 1 << 20 },
    });
    const plans = new Plans();
    const one = context.start(plans.observer);
    await plans.initial();
    const [paused, cancelled, done] = [randomUUID(), randomUUID(), randomUUID()];
    await send(context, refresh({}, paused));
    await send(context, { kind: 'pause', id: randomUUID(), refresh: paused });
    await send(context, refresh({}, cancelled));
    await send(context, { kind: 'cancel', id: randomUUID(), refresh: cancelled });
    await until('the one is paused', () => plans.states.get(`${paused}/0`)?.status === 'paused');
    expect(await plans.ended(cancelled)).toMatchObject({ status: 'cancelled' });
    await one.stop();
    await send(context, refresh({ where: 'id <= 10' }, done));
    // Sent twice by somebody who got no answer.
    await send(context, refresh({ where: 'id <= 10' }, done));
    await using _ = context.start(plans.observer);
    expect(await plans.ended(done)).toMatchObject({ status: 'finished', rowsPublished: 10 });
    expect(plans.states.get(`${paused}/0`)?.status).toBe('paused');
    await send(context, { kind: 'resume', id: randomUUID(), refresh: paused });
    expect(await plans.ended(paused)).toMatchObject({ status: 'finished', rowsPublished: 3_000 });
    const rows = (await context.read('items')).flatMap((change) =>
      change.op === 'r' && change.refresh !== null ? [{ tag: change.refresh.id, id: change.key['id'] }] : [],
    );
    expect(rows.filter(({ tag }) => tag === done)).toHaveLength(10);
    // The chunk that the stop cut through is published again, whole; nothing else is.
    const ofPaused = rows.filter(({ tag }) => tag === paused).map(({ id }) => id);
    expect(new Set(ofPaused).size).toBe(3_000);
    expect(ofPaused.length).toBeLessThan(3_000 + context.config.snapshot.chunkRows);
  });
});
