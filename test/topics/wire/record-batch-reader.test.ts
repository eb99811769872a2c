import { createRequire } from 'node:module';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RawRecord } from '../../../src/topics/codec/record-decoder.ts';
import type { FetchedPartition } from '../../../src/topics/wire/fetch-requests.ts';
import { endOfBatches, readBatches } from '../../../src/topics/wire/record-batch-reader.ts';
import { teachZstd } from '../../support/kafkajs-zstd.ts';

interface PlainRecord {
  readonly timestampDelta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
}

interface EncodedRecord {
  readonly bytes: Buffer;
}

/** An independent writer and reader of the format: those of the Kafka client. */
const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  decoder: object,
) => Promise<{ readonly records: readonly OracleRecord[] }>;
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (
  record: PlainRecord & { readonly offsetDelta: number },
) => EncodedRecord;
const { RecordBatch: encodeBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch: (batch: object) => Promise<{ readonly buffer: Buffer }>;
};

interface OracleRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
}

const FIRST_TIMESTAMP = 1_700_000_000_123;
const CODECS = { none: 0, gzip: 1, zstd: 4 } as const;

interface BatchOptions {
  readonly firstOffset: number;
  readonly codec?: number;
  readonly producerId?: number;
}

async function batch(records: readonly PlainRecord[], options: BatchOptions): Promise<Buffer> {
  const { firstOffset, codec = 0, producerId } = options;
  const { buffer } = await encodeBatch({
    compression: codec,
    firstOffset,
    firstTimestamp: FIRST_TIMESTAMP,
    maxTimestamp: FIRST_TIMESTAMP,
    lastOffsetDelta: records.length - 1,
    transactional: producerId !== undefined,
    ...(producerId === undefined ? {} : { producerId }),
    records: records.map((record, offsetDelta) => encodeRecord({ ...record, offsetDelta })),
  });
  return buffer;
}

/** What a coordinator writes at a transaction's end: a control batch of one record. */
async function marker(firstOffset: number, producerId: number, type: 'abort' | 'commit'): Promise<Buffer> {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]);
  const record = { timestampDelta: 0, key, value: Buffer.alloc(6), headers: {} };
  const bytes = await batch([record], { firstOffset, producerId });
  bytes.writeInt16BE(bytes.readInt16BE(21) | 0x20, 21);
  return bytes;
}

function text(value: string): PlainRecord {
  return { timestampDelta: 0, key: null, value: Buffer.from(value), headers: {} };
}

function fetched(
  batches: readonly Buffer[],
  aborted: readonly { producerId: number; firstOffset: number }[] = [],
): FetchedPartition {
  return {
    topic: 't',
    partition: 3,
    error: null,
    highWatermark: 100n,
    lastStableOffset: 100n,
    aborted: aborted.map((each) => ({
      producerId: BigInt(each.producerId),
      firstOffset: BigInt(each.firstOffset),
    })),
    records: Buffer.concat(batches),
  };
}

function values(read: { readonly records: readonly { readonly value: Buffer | null }[] }): string[] {
  return read.records.map(({ value }) => value?.toString() ?? '');
}

beforeAll(teachZstd);

describe('readBatches', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
  const headerName = fc
    .string({ unit: 'binary', maxLength: 20 })
    .filter((name) => !(name in Object.prototype));
  const record: fc.Arbitrary<PlainRecord> = fc.record({
    timestampDelta: fc.integer({ min: -1_000, max: 1_000_000 }),
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.dictionary(headerName, bytes, { maxKeys: 4, noNullPrototype: true }),
  });

  it('tells each record its own headers, whether or not they are those of the record before', async () => {
    const of = (headers: Record<string, string>): PlainRecord => ({
      ...text(''),
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)] as const),
      ),
    });
    const written = [
      { at: '10', tag: 'same' },
      { at: '11', tag: 'same' },
      { at: '21', tag: 'same' },
      { at: '2', tag: 'some' },
      { at: '', tag: 'some' },
      { tag: '' },
      {},
      { at: '2', tag: 'some' },
    ];
    const { records } = readBatches(fetched([await batch(written.map(of), { firstOffset: 0 })]), 0n);
    // Asked for at the end only, and not in their order.
    const read = records.toReversed().map((each) => plain(each).headers);
    expect(read.toReversed()).toEqual(written.map((each) => of(each).headers));
  });

  it.each(['none', 'gzip', 'zstd'] as const)(
    'reads what another implementation reads, compression %s',
    async (compression) => {
      const law = fc.asyncProperty(
        fc.array(fc.array(record, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }),
        fc.nat({ max: 60 }),
        async (groups, skipped) => {
          let firstOffset = 2 ** 40;
          const from = firstOffset + skipped;
          const batches: Buffer[] = [];
          for (const records of groups) {
            batches.push(await batch(records, { firstOffset, codec: CODECS[compression] }));
            firstOffset += records.length;
          }
          const decoded = await Promise.all(batches.map((each) => decodeBatch(new Decoder(each))));
          const oracle = decoded.flatMap(({ records }) => records.map(plain));
          const read = readBatches(fetched(batches), BigInt(from));
          expect(read.records.map(plain)).toEqual(oracle.filter(({ offset }) => Number(offset) >= from));
          expect(read.nextOffset).toBe(BigInt(Math.max(from, firstOffset)));
          expect(endOfBatches(fetched(batches), BigInt(from))).toBe(read.nextOffset);
        },
      );
      await fc.assert(law, { numRuns: 60 });
    },
  );

  it('shows nothing of aborted transactions, no markers, and all of what was committed beside them', async () => {
    const batches = [
      await batch([text('a1')], { firstOffset: 0, producerId: 1 }),
      await batch([text('b1')], { firstOffset: 1, producerId: 2 }),
      await batch([text('plain')], { firstOffset: 2 }),
      await batch([text('a2')], { firstOffset: 3, producerId: 1 }),
      await marker(4, 1, 'abort'),
      await marker(5, 2, 'commit'),
      await batch([text('a3')], { firstOffset: 6, producerId: 1 }),
      await marker(7, 1, 'commit'),
      await batch([text('b2')], { firstOffset: 8, producerId: 2 }),
      await marker(9, 2, 'abort'),
    ];
    const aborted = [
      { producerId: 2, firstOffset: 8 },
      { producerId: 1, firstOffset: 0 },
    ];
    const read = readBatches(fetched(batches, aborted), 0n);
    expect(values(read)).toEqual(['b1', 'plain', 'a3']);
    expect(read.nextOffset).toBe(10n);
  });

  it('leaves a batch that is cut off to the next fetch', async () => {
    const [first, second] = [
      await batch([text('a')], { firstOffset: 5 }),
      await batch([text('b')], { firstOffset: 6 }),
    ];
    for (const kept of [0, 5, 12, 40, second.length - 1]) {
      const read = readBatches(fetched([first, second.subarray(0, kept)]), 5n);
      expect(values(read)).toEqual(['a']);
      expect(read.nextOffset).toBe(6n);
      expect(endOfBatches(fetched([first, second.subarray(0, kept)]), 5n)).toBe(6n);
    }
    expect(readBatches(fetched([first.subarray(0, 30)]), 5n)).toEqual({ records: [], nextOffset: 5n });
  });

  it('goes on behind offsets that a compaction removed', async () => {
    const kept = await batch([text('a'), text('b')], { firstOffset: 10 });
    kept.writeInt32BE(7, 23);
    expect(readBatches(fetched([kept]), 4n)).toMatchObject({ nextOffset: 18n });
  });

  it.each([
    ['an older format', 16, 1, /older than Kafka 0\.11/],
    ['lz4', 22, 3, /lz4.*compression\.type/],
    ['snappy', 22, 2, /snappy.*compression\.type/],
  ])('refuses %s and says why', async (_, at, value, message) => {
    const bytes = await batch([text('a')], { firstOffset: 0 });
    bytes.writeInt8(value, at);
    expect(() => readBatches(fetched([bytes]), 0n)).toThrow(message);
  });
});

function plain({ offset, timestamp, key, value, headers }: RawRecord | OracleRecord): OracleRecord {
  return { offset, timestamp, key, value, headers: { ...headers } as Record<string, Buffer> };
}
