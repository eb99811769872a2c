import { randomUUID } from 'node:crypto';
import type { RefreshTag } from '../../src/change/change.ts';
import { encodePosition } from '../../src/change/position.ts';
import type { TableSchema, TypeShape } from '../../src/change/table.ts';
import { toLsn } from '../../src/change/lsn.ts';
import { type Tuple, tupleFromTexts } from '../../src/change/tuple.ts';
import { POSITION_HEADER, REFRESH_HEADER, SWEEP_HEADER } from '../../src/topics/codec/headers.ts';
import { type EnvelopeInput, type TableCodec, createTableCodec } from '../../src/topics/codec/table-codec.ts';
import { createKafka } from '../../src/topics/kafka.ts';
import { type OutgoingRecord, TransactionalPublisher } from '../../src/topics/publisher.ts';
import { createRegistry } from '../../src/topics/registry.ts';
import { ensureChangeTopics, withAdmin } from '../../src/topics/topic-admin.ts';
import type { ServiceUrls } from '../../src/embedded/services.ts';

const base = (name: string): TypeShape => ({ kind: 'base', name });
const column = (name: string, typeOid: number, type: string, typmod = -1) => ({
  name,
  typeOid,
  typmod,
  type: base(type),
});
const MONEY = ((12 << 16) | 2) + 4;

const PRODUCTS: TableSchema = {
  id: { schema: 'public', name: 'products' },
  relationOid: 16_400,
  columns: [
    ...['sku', 'name', 'manufacturer', 'category_path', 'description', 'image_url'].map((name) =>
      column(name, 25, 'text'),
    ),
    column('price', 1700, 'numeric', MONEY),
    ...['currency', 'availability'].map((name) => column(name, 25, 'text')),
    column('updated_at', 1184, 'timestamptz'),
  ],
  key: [0],
  identity: 'default',
};

/** A product as texts; null is NULL, undefined an unavailable TOASTed value. */
export type ProductTexts = Partial<
  Record<
    'name' | 'manufacturer' | 'category_path' | 'description' | 'image_url' | 'price',
    string | null | undefined
  >
>;

export async function productCodec(registryUrl: string, prefix: string): Promise<TableCodec> {
  const registry = createRegistry({ url: registryUrl });
  return createTableCodec({ schema: PRODUCTS, prefix, database: 'shop', registry });
}

/** A topic of products to which a test writes what a capture would. */
export class ProductTopic {
  readonly prefix: string;
  readonly codec: TableCodec;
  readonly #publisher: TransactionalPublisher;
  readonly #partitions: number;
  epoch = 1_700_000_000;
  /** The refresh that `r` records belong to. */
  tag: RefreshTag | null = null;
  /** Of a row's record; without them it is what Debezium would write. */
  hasHeaders = true;
  #lsn = 1_000n;
  #pending: OutgoingRecord[] = [];

  private constructor(
    prefix: string,
    codec: TableCodec,
    publisher: TransactionalPublisher,
    partitions: number,
  ) {
    this.prefix = prefix;
    this.codec = codec;
    this.#publisher = publisher;
    this.#partitions = partitions;
  }

  static async create({ kafkaBrokers, registryUrl }: ServiceUrls, partitions = 3): Promise<ProductTopic> {
    const prefix = `t${randomUUID().slice(0, 8)}`;
    const codec = await productCodec(registryUrl, prefix);
    const kafkaConfig = { brokers: kafkaBrokers, clientId: 'test' };
    const kafka = createKafka(kafkaConfig);
    const settings = { partitions, replicationFactor: 1, retentionMs: -1, maxRecordBytes: 1_000_000 };
    await withAdmin(kafka, (admin) => ensureChangeTopics(admin, [codec.topic], settings));
    const publisher = await TransactionalPublisher.open(kafkaConfig, `tx-${prefix}`, { timeoutMs: 10_000 });
    return new ProductTopic(prefix, codec, publisher, partitions);
  }

  upsert(sku: string, product: ProductTexts = {}, op: 'c' | 'u' | 'r' = 'c'): this {
    const after = productTuple(sku, { name: `Product ${sku}`, ...product });
    return this.#push(this.#event(op, null, after), after);
  }

  delete(sku: string): this {
    const before = productTuple(sku, {});
    this.#push(this.#event('d', before, null), before);
    this.#pending.push({
      topic: this.codec.topic,
      partition: this.partitionOf(sku),
      key: this.codec.encodeKey(before),
      value: null,
      headers: {},
    });
    return this;
  }

  truncate(): this {
    const value = this.codec.encodeTruncate(this.#origin());
    return this.#everywhere(value, {});
  }

  sweep(before: number): this {
    return this.#everywhere(null, { [SWEEP_HEADER]: String(before) });
  }

  /** A record of this key that nobody can decode. */
  garbage(sku: string): this {
    const keyed = productTuple(sku, {});
    return this.#put(
      Buffer.concat([this.codec.encodeKey(keyed).subarray(0, 5), Buffer.from([255, 255])]),
      keyed,
      {},
    );
  }

  partitionOf(sku: string): number {
    return this.codec.partitionOf(productTuple(sku, {}), this.#partitions);
  }

  /** Publishes what was put so far, as transactions of at most 10,000 records. */
  async publish(): Promise<void> {
    const records = this.#pending;
    this.#pending = [];
    for (let at = 0; at < records.length; at += 10_000)
      await this.#publisher.publish(records.slice(at, at + 10_000));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#publisher[Symbol.asyncDispose]();
  }

  #event(op: 'c' | 'u' | 'd' | 'r', before: Tuple | null, after: Tuple | null): EnvelopeInput {
    return { ...this.#origin(), op, before, after, snapshot: op === 'r' };
  }

  #origin(): Omit<EnvelopeInput, 'op' | 'before' | 'after'> {
    const nowUs = BigInt(Date.now()) * 1_000n;
    return { lsn: this.#lsn, commitLsn: this.#lsn, txId: 7, commitTsUs: nowUs, nowUs, snapshot: false };
  }

  #push(event: EnvelopeInput, keyed: Tuple): this {
    const refresh: Record<string, string> =
      event.op === 'r' && this.tag !== null ? { [REFRESH_HEADER]: JSON.stringify(this.tag) } : {};
    return this.#put(this.codec.encodeValue(event), keyed, { ...this.codec.valueHeaders(event), ...refresh });
  }

  #put(value: Buffer, keyed: Tuple, headers: Readonly<Record<string, string>>): this {
    const partition = this.codec.partitionOf(keyed, this.#partitions);
    const position = { [POSITION_HEADER]: this.#position() };
    this.#pending.push({
      topic: this.codec.topic,
      partition,
      key: this.codec.encodeKey(keyed),
      value,
      headers: this.hasHeaders ? { ...headers, ...position } : {},
    });
    return this;
  }

  #everywhere(value: Buffer | null, headers: Readonly<Record<string, string>>): this {
    for (let partition = 0; partition < this.#partitions; partition++) {
      const position = { [POSITION_HEADER]: this.#position() };
      this.#pending.push({
        topic: this.codec.topic,
        partition,
        key: null,
        value,
        headers: { ...headers, ...position },
      });
    }
    return this;
  }

  #position(): string {
    this.#lsn += 1n;
    return encodePosition({ epoch: this.epoch, lsn: toLsn(this.#lsn), seq: 0 });
  }
}

export function productTuple(sku: string, product: ProductTexts): Tuple {
  const column = (name: keyof ProductTexts): string | null | undefined =>
    name in product ? product[name] : null;
  return tupleFromTexts([
    sku,
    column('name'),
    column('manufacturer'),
    column('category_path'),
    column('description'),
    column('image_url'),
    column('price'),
    'USD',
    'in stock',
    '2026-01-02 03:04:05.678901+00',
  ]);
}
