import type { TableId } from '../change/table.ts';
import type { PostgresConfig } from '../runtime/postgres.ts';
import type { KafkaConfig } from '../topics/kafka-config.ts';
import type { Kafka } from '../topics/kafka.ts';
import type { Tracing } from '../runtime/tracing.ts';
import type { SchemaRegistryPort } from '../topics/registry.ts';
import type { TopicSettings } from '../topics/topic-admin.ts';
import type { Compression } from '../topics/wire/compression.ts';
import type { CaptureObserver } from './observer.ts';
import type { SnapshotSettings } from './snapshot-scheduler.ts';

/** One source database with its slot, its topics and its bounds. */
export interface CaptureConfig {
  readonly connection: PostgresConfig;
  readonly database: string;
  readonly slot: string;
  readonly publication: string;
  readonly prefix: string;
  readonly tables: readonly TableId[];
  readonly topics: TopicSettings & { readonly compression?: Compression };
  readonly snapshot: SnapshotSettings & {
    readonly connections: number;
    readonly lockTimeoutMs: number;
    /** WAL that the slot may keep before refreshes wait; null: the server's own limit alone counts. */
    readonly walBudgetBytes: number | null;
    readonly whereTimeoutMs: number;
  };
  readonly stream: StreamSettings;
  /** What a gap in the source's history leads to: an error for the operator, or a new epoch and a refresh of every table. */
  readonly onSlotLoss: 'stop' | 'refresh';
  /**
   * A slot that this capture has to create is for one refresh only: no table's first refresh is done, and
   * who captures next begins anew. See `dropTransientSlot`.
   */
  readonly transient?: boolean;
  /**
   * There is no slot and no publication: only refreshes publish, each of a whole table in an epoch of its own
   * with a sweep. One chunk at a time, as without the stream nothing else orders two reads of a row.
   */
  readonly snapshotOnly?: boolean;
  /** Makes the slot one that a physical standby keeps a copy of. PostgreSQL 17. */
  readonly failoverSlot: boolean;
  readonly transactionTimeoutMs: number;
  readonly slotTimeoutMs: number;
  /** How often the catalog, and the topics, are compared with what the capture believes. */
  readonly watchMs: number;
}

export interface StreamSettings {
  /** What is received and not yet published. Bytes. */
  readonly queueBytes: number;
  /** A connection to the source that says nothing for this long, though asked, is taken for dead. Milliseconds. */
  readonly silenceTimeoutMs?: number;
  /** One Kafka transaction, at most. */
  readonly batchRecords: number;
  readonly batchBytes: number;
  /**
   * From the start of one small Kafka transaction to that of the next, at least; what comes after a longer
   * quiet goes out at once. Default: 0. Milliseconds.
   */
  readonly commitIntervalMs?: number;
}

export interface CaptureDependencies {
  readonly kafka: Kafka;
  /** The same cluster, for the publisher. */
  readonly kafkaConfig: KafkaConfig;
  readonly registry: SchemaRegistryPort;
  readonly observer: CaptureObserver;
  readonly tracing?: Tracing | undefined;
}
