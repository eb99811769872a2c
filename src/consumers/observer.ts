import type { DeliveryWait } from '../sinks/http/delivery.ts';

/** What a running pipeline tells about itself; metrics and the terminal listen. Called often: it must return at once. */
export interface ConsumerObserver {
  /** Changes of the source that went into the target, after those of one key in a batch were made one. */
  applied(pipeline: string, sourceTable: string, op: AppliedOperation, changes: number): void;
  /** Rows of a target table that were changed, and those that were so already or could not be patched. */
  written(pipeline: string, targetTable: string, written: number, unchanged: number): void;
  /** After a commit: `sample` gives up to `most` of its changes, for people to look at. */
  changed?(pipeline: string, sample: (most: number) => readonly AppliedChange[]): void;
  /** Records that were applied before, and partial changes of owed keys. */
  skipped(pipeline: string, reason: 'replayed' | 'owed', records: number): void;
  deadLetter(pipeline: string, code: string): void;
  /** The current rows of so many owed keys were asked for. */
  refreshAsked(pipeline: string, keys: number): void;
  /** Seconds since the last refresh of a materialized view began. */
  viewAge(pipeline: string, view: string, seconds: number): void;
  /** Things of a kind that wait for somebody to mend the source, now. */
  unresolved(pipeline: string, kind: string, count: number): void;
  /** Rows that lack a value that the pipeline gives, of how many. */
  missing(pipeline: string, field: string, rows: number, of: number): void;
  retry(pipeline: string, code: string): void;
  /** A request to the pipeline's API ended; `status`: null where no answer came. */
  delivered(pipeline: string, status: number | null, seconds: number): void;
  deliveryWaits(pipeline: string, reason: DeliveryWait, seconds: number): void;
  /** Whether requests to the pipeline's API are held back, as it failed again and again. */
  deliveryCircuit(pipeline: string, isOpen: boolean): void;
  /** After a commit: a sample of its streamed changes. */
  arrived(pipeline: string, sourceTable: string, samples: readonly Arrival[]): void;
  log(pipeline: string, level: 'info' | 'warn' | 'error', message: string): void;
}

export type AppliedOperation = 'upsert' | 'patch' | 'delete' | 'truncate' | 'sweep';

/** The way of one change, in ms. The parts make up the whole, but for what clocks differ. */
export interface Arrival {
  /** From commit at the source to commit in the target. */
  readonly totalMs: number;
  /** From commit at the source to the topic. */
  readonly sourceMs: number;
  /** In the topic, until it is taken up. */
  readonly topicMs: number;
  /** Decoding, and waiting for the batch before it. */
  readonly pipelineMs: number;
  /** The transaction in the target, every try of it, with what the pipeline computes in it. */
  readonly sinkMs: number;
}

/** A change as the pipeline read it: it can hold what nobody else is to see. */
export interface AppliedChange {
  /** "schema.name", at the source. */
  readonly table: string;
  readonly kind: 'upsert' | 'patch' | 'delete';
  readonly key: Readonly<Record<string, unknown>>;
  /** Null for a delete. */
  readonly row: Readonly<Record<string, unknown>> | null;
  /** At the source, Unix milliseconds; null for a snapshot's row. */
  readonly committedMs: number | null;
}
