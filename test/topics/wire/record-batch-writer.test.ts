import { createRequire } from 'node:module';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CODECS, type Compression } from '../../../src/topics/wire/compression.ts';
import { crc32c } from '../../../src/topics/wire/crc32c.ts';
import {
  type BatchContext,
  BATCH_HEADER_BYTES,
  nextSequence,
  type RecordContent,
  RecordBatchWriter,
} from '../../../src/topics/wire/record-batch-writer.ts';
import { teachZstd } from '../../support/kafkajs-zstd.ts';

interface DecodedBatch {
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
  readonly lastOffsetDelta: number;
  readonly firstSequence: number;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly records: readonly {
    readonly offset: string;
    readonly timestamp: string;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer>>;
  }[];
}

/** An independent reader of the format: the one of the Kafka client. */
const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  decoder: object,
) => Promise<DecodedBatch>;

const TIMESTAMP_MS = 1_700_000_000_123;

const nullableBytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)));
const text = fc.oneof(fc.string({ maxLength: 100 }), fc.string({ unit: 'binary', maxLength: 30 }));
/** The other implementation keeps headers in a plain object: names that every object has are lost in it. */
const headerName = text.filter((name) => !(name in Object.prototype));
const record: fc.Arbitrary<RecordContent> = fc.record({
  key: nullableBytes,
  value: nullableBytes,
  headers: fc.dictionary(headerName, text, { maxKeys: 5, noNullPrototype: true }),
});

beforeAll(teachZstd);

describe('RecordBatchWriter', () => {
  it.each<Compression>(['none', 'gzip', 'zstd'])(
    'writes what another implementation reads back, compression %s',
    async (compression) => {
      const limits = fc.integer({ min: 100, max: 3_000 });
      const law = fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 40 }),
        limits,
        async (records, maxBytes) => {
          const batches = write(
            new RecordBatchWriter(maxBytes),
            records,
            context({ codec: CODECS[compression] }),
          );
          const decoded = await Promise.all(batches.map(({ bytes }) => decodeBatch(new Decoder(bytes))));
          expect(decoded.flatMap((batch) => batch.records.map(contentOf))).toEqual(records.map(asRead));
          for (const batch of decoded)
            expect(batch.records.map(({ offset }) => Number(offset))).toEqual([...batch.records.keys()]);
          for (const { timestamp } of decoded.flatMap((batch) => batch.records))
            expect(Number(timestamp)).toBe(TIMESTAMP_MS);
        },
      );
      await fc.assert(law, { numRuns: 60 });
    },
  );

  it('closes a batch before it outgrows the limit, and gives a larger record one of its own', () => {
    const sizes = [400, 400, 400, 5_000, 10];
    const records = sizes.map((size) => ({ key: null, value: Buffer.alloc(size), headers: {} }));
    const batches = write(new RecordBatchWriter(1_000), records, context({}));
    expect(batches.map(({ count }) => count)).toEqual([2, 1, 1, 1]);
    expect(batches.map(({ bytes }) => bytes.length <= 1_000)).toEqual([true, true, false, true]);
  });

  it('carries the producer, and a sequence that goes on from batch to batch and begins again behind 2³¹ − 1', async () => {
    const records = Array.from({ length: 5 }, () => ({ key: null, value: Buffer.alloc(100), headers: {} }));
    const start = context({ producer: { id: 4_000_000_000_123n, epoch: 7 }, sequence: 2 ** 31 - 3 });
    const batches = write(new RecordBatchWriter(300), records, start);
    const decoded = await Promise.all(batches.map(({ bytes }) => decodeBatch(new Decoder(bytes))));
    expect(decoded.map(({ firstSequence }) => firstSequence)).toEqual([2 ** 31 - 3, 2 ** 31 - 1, 1]);
    for (const batch of decoded) {
      expect(batch).toMatchObject({
        producerId: '4000000000123',
        producerEpoch: 7,
        inTransaction: true,
        isControlBatch: false,
      });
    }
    expect(nextSequence(2 ** 31 - 1, 1)).toBe(0);
  });

  it('gives its length and checksum as the broker will count them', () => {
    const [batch] = write(
      new RecordBatchWriter(10_000),
      [{ key: null, value: Buffer.from('x'), headers: { a: 'b' } }],
      context({}),
    );
    const bytes = batch?.bytes ?? Buffer.alloc(BATCH_HEADER_BYTES);
    expect(bytes.readInt32BE(8)).toBe(bytes.length - 12);
    expect(bytes.readInt8(16)).toBe(2);
    expect(bytes.readInt32BE(17)).toBe(crc32c(bytes, 21, bytes.length));
  });

  it.each([57, 58, 59, 60, 8_180, 8_183, 8_184, 8_190, 1_048_560, 1_048_570])(
    'finds room for the length of a record around %i bytes',
    async (size) => {
      for (const headers of [{}, { name: 'v' }, { name: 'ä'.repeat(40) }]) {
        const records = [
          { key: Buffer.from('k'), value: Buffer.alloc(size, 1), headers },
          { key: null, value: null, headers },
        ];
        const [batch] = write(new RecordBatchWriter(10_000_000), records, context({}));
        const decoded = await decodeBatch(new Decoder(batch?.bytes ?? Buffer.alloc(0)));
        expect(decoded.records.map((each) => each.value?.length ?? null)).toEqual([size, null]);
        expect(contentOf(decoded.records[0])).toEqual(asRead(records[0]));
      }
    },
  );

  it('is empty again after clear, with or without its buffer', () => {
    const writer = new RecordBatchWriter(1_000);
    for (const release of [false, true]) {
      const [batch] = write(writer, [{ key: null, value: Buffer.from('again'), headers: {} }], context({}));
      expect(batch?.count).toBe(1);
      writer.clear(release);
      expect(writer.finish(context({}))).toEqual([]);
      expect(writer.capacity === 0).toBe(release);
    }
  });
});

function context(given: Partial<BatchContext>): BatchContext {
  return {
    producer: { id: 1n, epoch: 0 },
    sequence: 0,
    timestampMs: TIMESTAMP_MS,
    codec: CODECS.none,
    ...given,
  };
}

function write(
  writer: RecordBatchWriter,
  records: readonly RecordContent[],
  given: BatchContext,
): { bytes: Buffer; count: number }[] {
  for (const each of records) writer.append(each);
  return writer.finish(given);
}

interface Content {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

function contentOf(read: DecodedBatch['records'][number] | undefined): Content | undefined {
  if (read === undefined) return undefined;
  const headers = Object.fromEntries(
    Object.entries(read.headers).map(([name, value]) => [name, (value ?? Buffer.alloc(0)).toString()]),
  );
  return { key: hex(read.key), value: hex(read.value), headers };
}

/** UTF-8 has no lone surrogates: they become the replacement character. */
function asRead(written: RecordContent | undefined): Content | undefined {
  if (written === undefined) return undefined;
  const headers = Object.fromEntries(
    Object.entries(written.headers).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
  );
  return { key: hex(written.key), value: hex(written.value), headers };
}

function hex(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('hex');
}
