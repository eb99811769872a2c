import type { KafkaConfig } from '../kafka-config.ts';
import { BrokerError, UnreachableError } from './broker-error.ts';
import { Cluster } from './cluster.ts';
import { CODECS, type Codec, type Compression } from './compression.ts';
import { deliver } from './delivery.ts';
import { Outbox, type OutboxRecord, type PartitionOutbox } from './outbox.ts';
import { isPassing, isPassingRefusal, type Patience, persistently } from './persistence.ts';
import {
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  type TransactionIdentity,
  type WireRequest,
} from './requests.ts';

export interface ProducerOptions {
  readonly transactionalId: string;
  /** After this the coordinator aborts a transaction that was not ended, and fences its producer. */
  readonly timeoutMs: number;
  readonly compression: Compression;
}

/** A new cluster makes its coordinator first. An address that cannot be reached is the caller's to try again. */
const OPENING: Patience = { ms: 30_000, isPassing: isPassingRefusal };
const PATIENCE_MS = 10_000;

/**
 * Kafka's transactional producer: exactly the requests it takes, in the order that the broker wants. One
 * transaction at a time: `send` any number of times, then `commit` or `abort`. An error of `send` or
 * `commit` is final for the producer; what passes (a new leader, a coordinator that loads, the markers
 * of the transaction before) is tried again inside.
 *
 * Errors: BrokerError (the broker refused), UnreachableError, ConnectionLostError (the outcome is unknown).
 */
export class TransactionalProducer implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #identity: TransactionIdentity;
  readonly #codec: Codec;
  readonly #patience: Patience;
  readonly #outbox = new Outbox();
  readonly #inTransaction = new Set<PartitionOutbox>();
  /** What got records in this transaction, and what did in the last one. */
  #filled = new Set<PartitionOutbox>();
  #filledLast = new Set<PartitionOutbox>();

  private constructor(cluster: Cluster, identity: TransactionIdentity, codec: Codec, patience: Patience) {
    this.#cluster = cluster;
    this.#identity = identity;
    this.#codec = codec;
    this.#patience = patience;
  }

  /** Fences every earlier producer of the id, and aborts what it left open. */
  static async open(config: KafkaConfig, options: ProducerOptions): Promise<TransactionalProducer> {
    const { transactionalId, timeoutMs, compression } = options;
    const cluster = new Cluster(config);
    try {
      const init = initProducerId(transactionalId, timeoutMs);
      const producer = await coordinate(cluster, transactionalId, init, OPENING);
      const patience = { ms: Math.min(PATIENCE_MS, timeoutMs), isPassing };
      return new TransactionalProducer(cluster, { transactionalId, producer }, CODECS[compression], patience);
    } catch (error) {
      cluster.close();
      throw error;
    }
  }

  /**
   * Opens the next transaction on the partitions of the last one, ahead of its records. The broker takes it
   * only once the markers of the last one are written: so that time can be used to collect.
   */
  async begin(): Promise<void> {
    await this.#add([...this.#filledLast]);
  }

  /** Resolves when every in-sync replica has the records. */
  async send(records: readonly OutboxRecord[]): Promise<void> {
    if (records.length === 0) return;
    const { producer, transactionalId } = this.#identity;
    const filled = this.#outbox.fill(records, { producer, codec: this.#codec, timestampMs: Date.now() });
    await this.#add(filled);
    for (const partition of filled) this.#filled.add(partition);
    await deliver(this.#cluster, transactionalId, filled, this.#patience);
    this.#outbox.clear(filled);
  }

  async commit(): Promise<void> {
    await this.#end('commit');
  }

  async abort(): Promise<void> {
    await this.#end('abort');
  }

  /** An open transaction stays open until its time is over or a successor comes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cluster.close();
  }

  async #add(partitions: readonly PartitionOutbox[]): Promise<void> {
    const added = partitions.filter((partition) => !this.#inTransaction.has(partition));
    if (added.length > 0) await this.#coordinate(addPartitionsToTxn(this.#identity, added));
    for (const partition of added) this.#inTransaction.add(partition);
  }

  async #end(outcome: 'commit' | 'abort'): Promise<void> {
    if (this.#inTransaction.size === 0) return;
    await this.#coordinate(endTxn(this.#identity, outcome));
    this.#inTransaction.clear();
    this.#filledLast = this.#filled;
    this.#filled = new Set();
  }

  #coordinate<T>(request: WireRequest<T>): Promise<T> {
    return coordinate(this.#cluster, this.#identity.transactionalId, request, this.#patience);
  }
}

/** Asks the coordinator, wherever it has moved to. */
function coordinate<T>(
  cluster: Cluster,
  transactionalId: string,
  request: WireRequest<T>,
  patience: Patience,
): Promise<T> {
  return persistently(patience, async () => {
    try {
      const connection = await cluster.toCoordinator('transaction', transactionalId);
      return await connection.send(request);
    } catch (error) {
      if (hasMoved(error)) cluster.forgetCoordinator();
      throw error;
    }
  });
}

function hasMoved(error: unknown): boolean {
  if (error instanceof BrokerError)
    return error.type === 'NOT_COORDINATOR' || error.type === 'COORDINATOR_NOT_AVAILABLE';
  return error instanceof UnreachableError;
}
