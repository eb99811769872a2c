import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BatchSize } from '../../src/consumers/batch-size.ts';
import { BatchTransaction } from '../../src/consumers/batch-transaction.ts';
import {
  type AnyChange,
  type UnitRow,
  definePipeline,
  sourceTable,
} from '../../src/consumers/define-pipeline.ts';
import { LaneReport } from '../../src/consumers/lane-report.ts';
import { PartitionLane } from '../../src/consumers/partition-lane.ts';
import type { Item } from '../../src/consumers/record-reader.ts';
import { CONSUMER_DEFAULTS } from '../../src/consumers/runtime-settings.ts';
import { openLane } from '../../src/sinks/positions.ts';
import { RowWriter } from '../../src/sinks/row-writer.ts';
import { migrateTarget } from '../../src/sinks/schema.ts';
import { TARGET_DEFAULTS, createTargetPool, inTransaction } from '../../src/sinks/target-pool.ts';
import { type TargetTable, targetTable } from '../../src/sinks/target-table.ts';
import { DeadLetterProducer } from '../../src/topics/dead-letter-producer.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { type TestDatabase, createDatabase } from '../support/database.ts';
import { Tally } from '../support/pipeline.ts';
import { services } from '../support/services.ts';

const sources = {
  orders: sourceTable('public.orders', z.object({ id: z.int(), region: z.string() })),
  lines: sourceTable(
    'public.lines',
    z.object({ id: z.int(), order: z.int().nullable(), amount: z.bigint() }),
  ),
};
const totals = targetTable({
  name: 'totals',
  columns: [
    { name: 'order_id', type: 'int' },
    { name: 'region', type: 'text' },
    { name: 'amount', type: 'int8' },
    { name: 'lines', type: 'text' },
  ],
  key: ['order_id'],
  stamped: false,
});
/** One row a line: it moves from one unit to another with its line. */
const billed = targetTable({
  name: 'billed',
  columns: [
    { name: 'line_id', type: 'int' },
    { name: 'region', type: 'text' },
  ],
  key: ['line_id'],
  stamped: false,
});

type Orders = readonly { readonly id: number; readonly region: string }[];
type Lines = readonly { readonly id: number; readonly order: number | null; readonly amount: bigint }[];

/** Only an order that is there has rows. */
function totalOf(unit: string, { orders, lines }: { orders: Orders; lines: Lines }): UnitRow[] {
  const [order] = orders;
  if (order === undefined) return [];
  const amount = lines.reduce((sum, line) => sum + line.amount, 0n);
  const row = {
    order_id: Number(unit),
    region: order.region,
    amount,
    lines: lines.map(({ id }) => id).join(),
  };
  return [
    { table: totals, row },
    ...lines.map(({ id }) => ({ table: billed, row: { line_id: id, region: order.region } })),
  ];
}

const pipeline = definePipeline({
  name: 'totals',
  sources,
  targets: [totals, billed],
  units: {
    of: {
      orders: ({ id }) => [String(id)],
      lines: ({ order }) => (order === null ? [] : [String(order)]),
    },
    compute: totalOf,
  },
});

type Event =
  | { readonly kind: 'order'; readonly id: number; readonly region: string }
  | { readonly kind: 'line'; readonly id: number; readonly order: number | null; readonly amount: bigint }
  /** An update that did not carry the amount. */
  | { readonly kind: 'move'; readonly id: number; readonly order: number | null }
  | { readonly kind: 'delete'; readonly source: 'orders' | 'lines'; readonly id: number }
  | { readonly kind: 'truncate'; readonly source: 'orders' | 'lines'; readonly partition: number };

const order = fc.option(fc.nat(2));
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('order'), id: fc.nat(2), region: fc.constantFrom('n', 's') }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('line'), id: fc.nat(7), order, amount: fc.bigInt(0n, 9n) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move'), id: fc.nat(7), order }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delete'),
      source: fc.constantFrom('orders', 'lines'),
      id: fc.nat(7),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('truncate'),
      source: fc.constantFrom('orders', 'lines'),
      partition: fc.nat(1),
    }),
  },
) as fc.Arbitrary<Event>;

interface Place {
  readonly source: 'orders' | 'lines';
  readonly partition: number;
}

function placeOf(event: Event): Place {
  if (event.kind === 'truncate') return event;
  const source = event.kind === 'delete' ? event.source : event.kind === 'order' ? 'orders' : 'lines';
  return { source, partition: event.id % 2 };
}

function itemOf(event: Event, place: Place, index: number): Item {
  const position = `1-${String(index).padStart(8, '0')}`;
  const topic = `t.public.${place.source}`;
  const record = {
    key: null,
    value: null,
    headers: {},
    topic,
    partition: place.partition,
    offset: String(index),
    timestamp: '0',
  };
  const base = { record, position, identity: event.kind === 'truncate' ? '' : String(event.id) };
  if (event.kind === 'truncate') return { ...base, kind: 'truncate' };
  return { ...base, kind: 'change', change: changeOf(event, place.source, position), committedUs: 0n };
}

function changeOf(event: Exclude<Event, { kind: 'truncate' }>, source: string, position: string): AnyChange {
  const base = { source, key: { id: event.id }, tag: null, snapshot: false, xid: null, position, epoch: 1 };
  const { kind, ...row } = event;
  if (kind === 'delete') return { ...base, kind };
  return { ...base, kind: kind === 'move' ? 'patch' : 'upsert', row };
}

/** What the target is to hold, straight from the rows that are left. */
class Model {
  readonly orders = new Map<number, Orders[number]>();
  readonly lines = new Map<number, Lines[number]>();

  add(event: Event): void {
    switch (event.kind) {
      case 'order':
        return void this.orders.set(event.id, { id: event.id, region: event.region });
      case 'line':
        return void this.lines.set(event.id, { id: event.id, order: event.order, amount: event.amount });
      case 'move': {
        const before = this.lines.get(event.id);
        if (before !== undefined) this.lines.set(event.id, { ...before, order: event.order });
        return;
      }
      case 'delete':
        return void this[event.source].delete(event.id);
      case 'truncate':
        for (const id of this[event.source].keys())
          if (id % 2 === event.partition) this[event.source].delete(id);
    }
  }

  expected(): unknown {
    const rows = [...this.orders.values()].flatMap((order) => {
      const lines = [...this.lines.values()].filter((line) => line.order === order.id);
      const sorted = lines.toSorted((a, b) => a.id - b.id);
      return totalOf(String(order.id), { orders: [order], lines: sorted });
    });
    const of = (table: TargetTable): object[] =>
      rows.filter((row) => row.table === table).map(({ row }) => row);
    return { totals: sorted(of(totals)), billed: sorted(of(billed)) };
  }
}

function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => Object.values(row).map(String).join(' ')).toSorted();
}

class Target {
  readonly #database: TestDatabase;
  readonly #pool;
  readonly #letters = new DeadLetterProducer(
    createKafka({ brokers: services().kafkaBrokers, clientId: 'test' }),
    'unused',
    { replicationFactor: 1, retentionMs: 1 },
  );
  readonly tally = new Tally();
  readonly #transaction: BatchTransaction;

  constructor(database: TestDatabase) {
    this.#database = database;
    this.#pool = createTargetPool({ url: database.url }, 'test', TARGET_DEFAULTS);
    this.#transaction = new BatchTransaction(this.#pool, pipeline, new RowWriter());
  }

  async empty(): Promise<void> {
    await this.#database.pool.query(
      'TRUNCATE totals, billed, freshet.positions, freshet.owed_keys, freshet.unit_rows, freshet.units',
    );
  }

  /** One lane's events, in batches of the given sizes, over and over. */
  async apply(place: Place, items: readonly Item[], sizes: readonly number[]): Promise<void> {
    const lane = { group: 'g', topic: `t.public.${place.source}`, partition: place.partition };
    const progress = await inTransaction(this.#pool, (client) => openLane(client, lane, 0n));
    const report = new LaneReport(pipeline, this.tally);
    const { signal } = new AbortController();
    const services = {
      transaction: this.#transaction,
      deadLetters: this.#letters,
      report,
      letterContent: CONSUMER_DEFAULTS.letterContent,
      signal,
    };
    const partition = new PartitionLane(
      lane,
      `public.${place.source}/${place.partition}`,
      services,
      progress,
      true,
      new BatchSize(CONSUMER_DEFAULTS),
    );
    for (let at = 0, n = 0; at < items.length; n++) {
      const batch = items.slice(at, at + (sizes[n % sizes.length] ?? 1));
      at += batch.length;
      await partition.apply(batch, BigInt(batch.at(-1)?.record.offset ?? 0) + 1n, async () => true);
    }
  }

  async rows(): Promise<unknown> {
    const totals = await this.#database.pool.query<object>(
      'SELECT order_id, region, amount, lines FROM totals',
    );
    const billed = await this.#database.pool.query<object>('SELECT line_id, region FROM billed');
    return { totals: sorted(totals.rows), billed: sorted(billed.rows) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}

/** Every lane at the same time, each in its own batches. */
async function applyAll(
  target: Target,
  lanes: ReadonlyMap<string, Item[]>,
  sizes: readonly number[][],
): Promise<void> {
  const work = [...lanes].map(([name, items], i) => {
    const [source, partition] = name.split('/');
    const place = {
      source: source === 'orders' ? ('orders' as const) : ('lines' as const),
      partition: Number(partition),
    };
    return target.apply(place, items, sizes[i % sizes.length] ?? [1]);
  });
  await Promise.all(work);
}

describe('units that span keys, partitions and topics', () => {
  it('come out the same in any order, in any batches, twice, and over any partitions', async () => {
    await using database = await createDatabase();
    const client = await database.pool.connect();
    await migrateTarget(client, [pipeline]).finally(() => client.release());
    await using target = new Target(database);
    const sizes = fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 4,
    });
    const history = fc.array(event, { minLength: 30, maxLength: 60 });
    const law = fc.asyncProperty(history, sizes, async (events, sizes) => {
      await target.empty();
      const model = new Model();
      const lanes = new Map<string, Item[]>();
      for (const [index, event] of events.entries()) {
        model.add(event);
        const place = placeOf(event);
        const name = `${place.source}/${place.partition}`;
        lanes.set(name, [...(lanes.get(name) ?? []), itemOf(event, place, index)]);
      }
      await applyAll(target, lanes, sizes);
      expect(await target.rows()).toEqual(model.expected());
      await database.pool.query('TRUNCATE freshet.positions');
      await applyAll(target, lanes, sizes.toReversed());
      expect(await target.rows()).toEqual(model.expected());
    });
    await fc.assert(law, { numRuns: 25, endOnFailure: true });
    expect(target.tally.deadLetters).toEqual([]);
  });

  it('write nothing when the same rows come again', async () => {
    await using database = await createDatabase();
    const client = await database.pool.connect();
    await migrateTarget(client, [pipeline]).finally(() => client.release());
    await using target = new Target(database);
    const orders = { source: 'orders', partition: 0 } as const;
    const lines = { source: 'lines', partition: 0 } as const;
    const again = async (): Promise<unknown[]> => {
      const [first, second] = [itemOf({ kind: 'order', id: 0, region: 'n' }, orders, 0), [1, 2, 3]];
      await target.apply(orders, [first], [1]);
      const items = second.map((id) => itemOf({ kind: 'line', id, order: 0, amount: 1n }, lines, id));
      await target.apply(lines, items, [2]);
      await database.pool.query('TRUNCATE freshet.positions');
      const versions = ['totals', 'billed', 'freshet.unit_rows', 'freshet.units'].map((table) =>
        database.pool.query<{ xmin: string }>(`SELECT xmin::text FROM ${table} ORDER BY ctid`),
      );
      return (await Promise.all(versions)).map(({ rows }) => rows);
    };
    const before = await again();
    const written = target.tally.rowsWritten;
    expect(await again()).toEqual(before);
    expect(target.tally.rowsWritten).toBe(written);
  });
});
