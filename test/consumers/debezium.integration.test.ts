import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { definePipeline, sourceTable } from '../../src/consumers/define-pipeline.ts';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';
import { targetTable } from '../../src/sinks/target-table.ts';
import { deleteRow, patchRow, upsertRow } from '../../src/sinks/write.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { ensureChangeTopics, withAdmin } from '../../src/topics/topic-admin.ts';
import { until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { startPipeline } from '../support/pipeline.ts';
import { ProductTopic } from '../support/product-topic.ts';
import { services } from '../support/services.ts';

const UNAVAILABLE = '__debezium_unavailable_value';
const orders = targetTable({
  name: 'order_totals',
  columns: [
    { name: 'id', type: 'int8', notNull: true },
    { name: 'total', type: 'numeric' },
    { name: 'note', type: 'text' },
    { name: 'placed_at', type: 'timestamptz' },
  ],
  key: ['id'],
});
const order = z.object({
  id: z.bigint(),
  total: z.string().nullable(),
  note: z.string().nullable(),
  placed_at: z.string().nullable(),
});

const pipeline = definePipeline({
  name: 'totals',
  sources: {
    orders: sourceTable('public.orders', order, {
      types: { id: 'int8', total: 'numeric(12,2)', note: 'text', placed_at: 'timestamptz' },
    }),
  },
  targets: [orders],
  transform: (changes) =>
    changes.map((change) => {
      const id = BigInt(String(change.key['id']));
      switch (change.kind) {
        case 'upsert':
          return upsertRow(orders, change.row);
        case 'patch':
          return patchRow(orders, { ...change.row, id });
        case 'delete':
          return deleteRow(orders, { id });
      }
    }),
});

interface OrderJson {
  readonly id: number;
  readonly total: string | null;
  readonly note: string | null;
  readonly placed_at: string | null;
}

const FIELDS = [
  { type: 'int64', optional: false, field: 'id' },
  {
    type: 'bytes',
    optional: true,
    name: 'org.apache.kafka.connect.data.Decimal',
    version: 1,
    parameters: { scale: '2', 'connect.decimal.precision': '12' },
    field: 'total',
  },
  { type: 'string', optional: true, field: 'note' },
  { type: 'string', optional: true, name: 'io.debezium.time.ZonedTimestamp', version: 1, field: 'placed_at' },
];
const field = (name: string, type: string, optional = true) => ({ type, optional, field: name });
const SOURCE_FIELDS = [
  field('ts_ms', 'int64', false),
  { ...field('snapshot', 'string'), name: 'io.debezium.data.Enum', default: 'false' },
  field('sequence', 'string'),
  field('schema', 'string', false),
  field('table', 'string', false),
  field('txId', 'int64'),
  field('lsn', 'int64'),
];
const SCHEMA = {
  type: 'struct',
  optional: false,
  name: 'shop.public.orders.Envelope',
  fields: [
    { type: 'struct', fields: FIELDS, optional: true, name: 'shop.public.orders.Value', field: 'before' },
    { type: 'struct', fields: FIELDS, optional: true, name: 'shop.public.orders.Value', field: 'after' },
    { type: 'struct', fields: SOURCE_FIELDS, optional: false, field: 'source' },
    field('op', 'string', false),
  ],
};
const KEY_SCHEMA = { type: 'struct', fields: [FIELDS[0]], optional: false, name: 'shop.public.orders.Key' };

/** What a Debezium connector with JsonConverter writes: LSNs grow from record to record, commits follow. */
class DebeziumOrders {
  #lsn = 33_700_000;
  readonly messages: { key: string | null; value: string | null }[] = [];

  put(op: 'r' | 'c' | 'u' | 'd', row: OrderJson, withSchema: boolean): this {
    this.#lsn += 100;
    const source = {
      ts_ms: Date.now(),
      snapshot: op === 'r' ? 'true' : 'false',
      sequence: op === 'r' ? `[null,"${this.#lsn}"]` : `["${this.#lsn - 8}","${this.#lsn}"]`,
      schema: 'public',
      table: 'orders',
      txId: 775,
      lsn: this.#lsn,
    };
    const images = op === 'd' ? { before: row, after: null } : { before: null, after: row };
    const payload = { ...images, source, op };
    const value = withSchema ? { schema: SCHEMA, payload } : payload;
    const key = withSchema ? { schema: KEY_SCHEMA, payload: { id: row.id } } : { id: row.id };
    this.messages.push({ key: JSON.stringify(key), value: JSON.stringify(value) });
    if (op === 'd') this.messages.push({ key: JSON.stringify(key), value: null });
    return this;
  }
}

/** 99.90 and 12.34 as Connect's Decimal. */
const PRICE = { '99.90': 'JwY=', '12.34': 'BNI=' };

it('reads Avro without headers, positions from its source', async () => {
  await using target = await createDatabase();
  await using topic = await ProductTopic.create(services(), 2);
  topic.hasHeaders = false;
  await using running = startPipeline({
    services: services(),
    targetUrl: target.url,
    prefix: topic.prefix,
    pipeline: upsertPipeline,
  });
  const rows = async (): Promise<unknown[]> =>
    (
      await target.pool
        .query('SELECT sku, price::text, description FROM items ORDER BY sku')
        .catch(() => ({ rows: [] }))
    ).rows;
  await topic
    .upsert('a', { price: '1.00', description: 'long' }, 'r')
    .upsert('b')
    .upsert('a', { price: '2.00', description: undefined }, 'u')
    .delete('b')
    .upsert('c', { price: '3.00' })
    .publish();
  const expected = [
    { sku: 'a', price: '2.00', description: 'long' },
    { sku: 'c', price: '3.00', description: null },
  ];
  await until('the changes are there', async () => JSON.stringify(await rows()) === JSON.stringify(expected));
  expect(running.tally.deadLetters).toEqual([]);
});

it.each([
  ['with schemas', true],
  ['without schemas', false],
])(
  'reads what Debezium wrote as JSON %s, positions from its source, replays written never',
  async (_, withSchema) => {
    await using target = await createDatabase();
    const prefix = `t${randomUUID().slice(0, 8)}`;
    const topic = `${prefix}.public.orders`;
    const kafka = createKafka({ brokers: services().kafkaBrokers, clientId: 'test' });
    const settings = { partitions: 1, replicationFactor: 1, retentionMs: -1, maxRecordBytes: 1_000_000 };
    await withAdmin(kafka, (admin) => ensureChangeTopics(admin, [topic], settings));
    const producer = kafka.producer();
    await producer.connect();
    const placed = '2026-03-04T05:06:07.123456Z';
    const { messages } = new DebeziumOrders()
      .put('r', { id: 1, total: PRICE['99.90'], note: 'a long note', placed_at: placed }, withSchema)
      .put('r', { id: 2, total: null, note: null, placed_at: null }, withSchema)
      .put('u', { id: 1, total: PRICE['12.34'], note: UNAVAILABLE, placed_at: placed }, withSchema)
      .put('d', { id: 2, total: null, note: null, placed_at: null }, withSchema)
      .put('c', { id: 3, total: PRICE['99.90'], note: 'new', placed_at: null }, withSchema);
    const broken = { key: '{"id":9}', value: '{"op":' };
    await producer.send({ topic, messages: [...messages.slice(0, 2), broken, ...messages.slice(2)] });
    const rows = async (): Promise<unknown[]> => {
      const sql = 'SELECT id::text, total::text, note, placed_at FROM order_totals ORDER BY id';
      return (await target.pool.query(sql).catch(() => ({ rows: [] }))).rows;
    };
    try {
      await using running = startPipeline({ services: services(), targetUrl: target.url, prefix, pipeline });
      await until('the last order is there', async () => (await rows()).length === 2);
      expect(await rows()).toEqual([
        { id: '1', total: '12.34', note: 'a long note', placed_at: new Date(placed) },
        { id: '3', total: '99.90', note: 'new', placed_at: null },
      ]);
      expect(running.tally.deadLetters).toEqual(['RECORD_INVALID']);
      // Connect was restarted before it had stored its offsets: it writes everything once more.
      const before = running.tally.rowsWritten;
      await producer.send({ topic, messages: messages.slice(2) });
      await producer.send({
        topic,
        messages: new DebeziumOrders().put('c', { id: 4, total: null, note: '', placed_at: null }, withSchema)
          .messages,
      });
      await until('the log is read to its end', async () => {
        const { rows: lanes } = await target.pool.query<{ next: string }>(
          'SELECT next_offset AS next FROM freshet.positions',
        );
        return Number(lanes[0]?.next) >= 2 * messages.length;
      });
      expect((await rows()).length).toBe(2);
      expect(running.tally.rowsWritten).toBe(before);
    } finally {
      await producer.disconnect();
    }
  },
);
