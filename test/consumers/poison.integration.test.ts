import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { debtsOf, findFailures } from '../../src/cli/dead-letters.ts';
import { Engine } from '../../src/cli/engine.ts';
import { retryDebts, splitDebts } from '../../src/cli/retry-debts.ts';
import { type Pipeline, definePipeline, sourceTable } from '../../src/consumers/define-pipeline.ts';
import { countFailures } from '../../src/consumers/failure-list.ts';
import { targetTable } from '../../src/sinks/target-table.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { until } from '../support/capture.ts';
import { during, type Tasks } from '../support/during.ts';
import { productCodec, productTuple } from '../support/product-topic.ts';
import { services } from '../support/services.ts';
import { type Shop, openShop } from '../support/shop.ts';

const SOAK = process.env['SOAK'] === '1';
const ROWS = SOAK ? 100_000 : 6_000;
const EACH = SOAK ? 10 : 3;
const PARTITIONS = 4;
/** 2,000 rows a second. */
const ROWS_A_TICK = 100;
const TICK_MS = 50;
const PATIENCE_MS = SOAK ? 300_000 : 80_000;

const checked = targetTable({
  name: 'checked',
  columns: [
    { name: 'sku', type: 'text' },
    { name: 'name', type: 'text' },
    { name: 'price', type: 'numeric' },
  ],
  key: ['sku'],
});

/** A pipeline that cannot take some rows, until its author has mended it. */
class Picky {
  mended = false;

  pipeline(): Pipeline {
    const name = z.string().refine((text) => this.mended || text !== 'refused', 'a refused name');
    const row = z.object({ sku: z.string(), name, price: z.string().nullable() });
    return definePipeline({
      name: 'picky',
      sources: { products: sourceTable('public.products', row) },
      targets: [checked],
      migrations: [
        { id: 'one name', sql: `CREATE UNIQUE INDEX one_name ON checked (name) WHERE name LIKE 'only %'` },
        { id: 'cheap', sql: 'ALTER TABLE checked ALTER price TYPE numeric(8,2)' },
        { id: 'no bad name', sql: `ALTER TABLE checked ADD CONSTRAINT good_name CHECK (name <> 'bad')` },
      ],
      transform: (changes) =>
        changes.flatMap((change) => {
          const sku = String(change.key['sku']);
          if (change.kind === 'delete') return { kind: 'delete', table: checked, key: { sku } };
          if (!this.mended && change.row.name === 'throws') throw new Error('a name that throws');
          if (!this.mended && change.row.name === 'rejected') return [];
          return { kind: change.kind, table: checked, row: { sku, ...change.row } };
        }),
      apply: async ({ changes }) => ({
        counts: [],
        rejected: this.mended
          ? []
          : changes
              .filter((change) => change.kind === 'upsert' && change.row.name === 'rejected')
              .map((change) => ({ change, code: 'NOT_WANTED', message: 'a name that is not wanted' })),
      }),
    });
  }
}

/** What each kind's dead letters say. */
const CAUSES: Readonly<Record<string, readonly [code: string, cause: RegExp]>> = {
  magic: ['RECORD_INVALID', /begins with byte 9/],
  schema: ['RECORD_INVALID', /reading schema 99999/],
  truncated: ['RECORD_INVALID', /offset \d+: (?!.*(begins|reading))/],
  key: ['RECORD_INVALID', /reading schema 88888/],
  refused: ['RECORD_INVALID', /public\.products\.name: a refused name/],
  throws: ['RECORD_INVALID', /pipeline "picky": a name that throws/],
  rejected: ['NOT_WANTED', /not wanted/],
  bad: ['23514', /good_name/],
  costly: ['22003', /overflow/],
  only: ['23505', /one_name/],
};
/** Kinds that are rows of the source; the others are records that nobody can decode. */
const IN_ROWS = ['refused', 'throws', 'rejected', 'bad', 'costly', 'only'] as const;

function framed(id: number, rest: Buffer): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0]);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, rest]);
}

/** Writes records of four kinds to the shop's topic, for the keys from `first` on. */
async function writeUndecodable(shop: Shop, first: number): Promise<void> {
  const codec = await productCodec(services().registryUrl, shop.source.prefix);
  const nowUs = BigInt(Date.now()) * 1_000n;
  const origin = { lsn: 1n, commitLsn: 1n, txId: 1, commitTsUs: nowUs, nowUs, snapshot: false } as const;
  const producer = createKafka(shop.config.kafka).producer();
  await producer.connect();
  const kinds = Object.keys(CAUSES).slice(0, 4);
  const messages = kinds.flatMap((kind, n) =>
    Array.from({ length: EACH }, (_, i) => {
      const keyed = productTuple(`sku${first + n * EACH + i}`, { name: 'x' });
      const value = codec.encodeValue({ ...origin, op: 'u', before: null, after: keyed });
      const key = codec.encodeKey(keyed);
      const body = value.subarray(5);
      const damaged: Record<string, Buffer> = {
        magic: Buffer.concat([Buffer.from([9]), value.subarray(1)]),
        schema: framed(99_999, body),
        truncated: value.subarray(0, value.length - 30),
        key: value,
      };
      return {
        key: kind === 'key' ? framed(88_888, Buffer.from(`nobody ${i}`)) : key,
        value: damaged[kind] ?? value,
        partition: codec.partitionOf(keyed, PARTITIONS),
      };
    }),
  );
  await producer.send({ topic: codec.topic, messages });
  await producer.disconnect();
}

/** Writes every row once, at a steady rate; with poison spread over all of the time. */
async function updateRows(shop: Shop, hasPoison: boolean): Promise<void> {
  const { pool } = shop.database;
  const ticks = ROWS / ROWS_A_TICK;
  const every = Math.floor(ticks / EACH);
  const startedAt = performance.now();
  for (let tick = 0; tick < ticks; tick++) {
    await sleep(Math.max(0, startedAt + tick * TICK_MS - performance.now()));
    const first = tick * ROWS_A_TICK + 1;
    const skus = Array.from({ length: ROWS_A_TICK }, (_, i) => `sku${first + i}`);
    await pool.query(`UPDATE products SET name = name || '!' WHERE sku = ANY ($1)`, [skus]);
    if (!hasPoison) continue;
    if (tick % every === Math.floor(every / 2)) await writeRowPoison(shop, first);
    if (tick === Math.floor(ticks / 2)) await writeUndecodable(shop, first + IN_ROWS.length);
  }
}

/** One of each kind, at once. */
async function writeRowPoison({ database: { pool } }: Shop, first: number): Promise<void> {
  for (const [n, kind] of IN_ROWS.entries()) {
    const sku = `sku${first + n}`;
    if (kind === 'costly') await pool.query(`UPDATE products SET price = 123456789 WHERE sku = $1`, [sku]);
    else {
      const name = kind === 'only' ? 'only one' : kind;
      await pool.query(`UPDATE products SET name = $2 WHERE sku = $1`, [sku, name]);
    }
  }
}

/** Commit to commit, of the oldest record of each transaction of the target among others; ms. */
interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

function latencyOf(samples: readonly number[]): Latency {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (part: number): number => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), longest: at(1) };
}

/** The same writes without poison and with it: the difference is what the poison costs the others. */
function printLatencies(without: Latency, poisoned: Latency): void {
  const delay = {
    p50: poisoned.p50 - without.p50,
    p99: poisoned.p99 - without.p99,
    longest: poisoned.longest - without.longest,
  };
  for (const [name, { p50, p99, longest }] of Object.entries({ without, poisoned, delay }))
    process.stdout.write(`${name.padEnd(8)} p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms\n`);
}

async function difference(shop: Shop): Promise<number> {
  const { rows } = await shop.database.pool.query<{ n: number }>(
    `WITH source AS (SELECT sku, name, price FROM products), target AS (SELECT sku, name, price FROM checked)
     SELECT (SELECT count(*) FROM (TABLE source EXCEPT ALL TABLE target) a)::int
          + (SELECT count(*) FROM (TABLE target EXCEPT ALL TABLE source) b)::int AS n`,
  );
  return rows[0]?.n ?? -1;
}

describe('poison among good records', { timeout: 2 * PATIENCE_MS }, () => {
  it('is dead-lettered with its cause, leaves the others alone, and is settled by a retry once it is mended', async () => {
    await using shop = await openShop(ROWS, { topics: { partitions: PARTITIONS } });
    // The row that is there before the others of its name may keep it.
    await shop.database.pool.query(`UPDATE products SET name = 'only one' WHERE sku = 'sku${ROWS}'`);
    const picky = new Picky();
    const pipeline = picky.pipeline();
    const latencies: number[] = [];
    const engine = new Engine(
      shop.config,
      () => {},
      (_, samples) => void latencies.push(...samples),
    );
    await engine.migrate([pipeline]);
    const tasks: Tasks = [
      (signal) => engine.capture(shop.source, signal),
      (signal) => engine.consume(pipeline, signal),
    ];
    await during(tasks, async (signal) => {
      await until('the first rows are there', async () => (await difference(shop)) === 0, PATIENCE_MS);
      await shop.database.pool.query(`DELETE FROM products WHERE sku = 'sku${ROWS}'`);
      await shop.database.pool.query(`INSERT INTO products (sku, name) VALUES ('sku0', 'only one')`);
      await until('the name has moved', async () => (await difference(shop)) === 0);
      latencies.length = 0;
      await updateRows(shop, false);
      await until('all are right', async () => (await difference(shop)) === 0, PATIENCE_MS);
      const without = latencyOf(latencies.splice(0));
      await updateRows(shop, true);
      const inRows = IN_ROWS.length * EACH;
      await until('all others are right', async () => (await difference(shop)) === 2 * inRows, PATIENCE_MS);
      const found = (): ReturnType<typeof findFailures> => findFailures(engine, [pipeline], {});
      const expected = Object.keys(CAUSES).length * EACH;
      await until(
        'all are owed',
        async () => (await found()).filter(({ state }) => state === 'open').length >= expected,
      );
      const failures = await found();
      for (const [kind, [code, cause]] of Object.entries(CAUSES)) {
        const ofKind = failures.filter((each) => each.code === code && cause.test(each.cause));
        expect([kind, ofKind.length]).toEqual([kind, EACH]);
      }
      expect(failures).toHaveLength(expected);
      expect(failures.filter(({ key }) => key === null)).toHaveLength(EACH);
      if (SOAK) printLatencies(without, latencyOf(latencies));

      picky.mended = true;
      await shop.database.pool.query(
        'ALTER TABLE checked DROP CONSTRAINT good_name, ALTER price TYPE numeric',
      );
      await shop.database.pool.query('DROP INDEX one_name');
      const owed = await debtsOf(engine, pipeline);
      const { keyed, unkeyed } = splitDebts(owed.debts);
      expect([keyed.length, unkeyed.length]).toEqual([expected - EACH, EACH]);
      expect(await retryDebts(engine, owed, { keyed, unkeyed: [] }, signal)).toBe(true);
      expect(await difference(shop)).toBe(0);
      const half = countFailures(await found());
      expect(half.reduce((sum, { open }) => sum + open, 0)).toBe(EACH);
      expect(await retryDebts(engine, owed, { keyed: [], unkeyed }, signal)).toBe(true);
      expect((await found()).every(({ state }) => state === 'settled')).toBe(true);
      expect(await difference(shop)).toBe(0);
    });
  });
});
