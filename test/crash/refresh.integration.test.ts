import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodePosition } from '../../src/change/position.ts';
import type { Failpoint } from '../../src/runtime/failpoint.ts';
import type { RefreshPlanState } from '../../src/snapshot/refresh-plan.ts';
import { sendControl } from '../../src/topics/control-topic.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { controlTopic } from '../../src/topics/names.ts';
import { type CaptureContext, captureContext, until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { services } from '../support/services.ts';
import { runDoomed } from './doomed-capture.ts';

const ROWS = 6_000;
const CHUNK_ROWS = 200;
const KILLS: readonly (readonly [Failpoint, number])[] = [
  ['before-publish', 4],
  ['chunk-border', 9],
  ['after-commit', 6],
];

describe('a refresh beside changes', () => {
  it(
    'whose capture is killed three times goes on behind its finished chunks',
    { timeout: 90_000 },
    async () => {
      await using database = await createDatabase();
      await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, n int)');
      await database.pool.query(`INSERT INTO items SELECT i, 0 FROM generate_series(1, ${ROWS}) i`);
      const base = captureContext(database, ['items']);
      const context = {
        ...base,
        config: {
          ...base.config,
          snapshot: { ...base.config.snapshot, chunkRows: CHUNK_ROWS },
          stream: { ...base.config.stream, batchRecords: 150 },
        },
      };
      const plans = new Map<string, RefreshPlanState>();
      const observer = { progress: (plan: RefreshPlanState) => void plans.set(plan.request.id, plan) };
      {
        await using _ = context.start(observer, context.config);
        await until('the first refresh has ended', () =>
          [...plans.values()].some((plan) => plan.finishedAt !== null),
        );
      }
      const id = randomUUID();
      const parts = [{ table: { schema: 'public', name: 'items' }, where: null, keys: null }];
      const kafka = createKafka({ brokers: services().kafkaBrokers, clientId: 'refresh-test' });
      const topic = {
        name: controlTopic(context.config.prefix),
        replicationFactor: 1,
        retentionMs: 3_600_000,
        slot: context.config.slot,
      };
      const request = { kind: 'refresh' as const, id, group: null, options: {}, parts };
      await sendControl(kafka, topic, request);
      const stop = new AbortController();
      const writer = (async () => {
        for (let i = 0; !stop.signal.aborted; i++)
          await database.pool.query('UPDATE items SET n = n + 1 WHERE id = $1', [1 + ((i * 37) % ROWS)]);
      })();
      let writes = 0;
      try {
        for (const [failpoint, time] of KILLS)
          await runDoomed(context.config, { failpoint, time, delayMs: 0 });
        await using _ = context.start(
          { ...observer, published: (_table, op, rows) => void (writes += op === 'u' ? rows : 0) },
          context.config,
        );
        await until('the refresh has ended', () => (plans.get(`${id}/0`)?.finishedAt ?? null) !== null);
        stop.abort();
        await writer;
        const [{ total }] = (
          await database.pool.query<{ total: string }>('SELECT sum(n) AS total FROM items')
        ).rows as [{ total: string }];
        await until('every change is published', async () => (await updates(context)) === Number(total));
      } finally {
        stop.abort();
      }
      const changes = await context.read('items');
      const refreshed = changes.flatMap((change) =>
        change.op === 'r' && change.refresh?.id === id ? [change.key['id']] : [],
      );
      // Of each kill, the one chunk that was half published comes twice.
      const keys = new Set(refreshed).size;
      expect(refreshed.length - keys).toBeLessThanOrEqual(KILLS.length * CHUNK_ROWS);
      expect(keys).toBeGreaterThanOrEqual(plans.get(`${id}/0`)?.rowsPublished ?? Infinity);
      // What is missing was overtaken by a change that came beside its chunk.
      expect(keys).toBeGreaterThan(ROWS * 0.5);
      const positions = changes.map((change) => encodePosition(change.position));
      expect(new Set(positions).size).toBe(positions.length);
      expect(writes).toBeGreaterThan(0);
    },
  );
});

async function updates(context: CaptureContext): Promise<number> {
  return (await context.read('items')).filter((change) => change.op === 'u').length;
}
