/** The W3C header of a record: which span published it. */
export const TRACE_HEADER = 'traceparent';

/** A span that is under way. */
export interface TracedStep {
  /** With the error that ended it, where one did. */
  end(error?: unknown): void;
}

/** What of the data's way is traced; absent where tracing is off. */
export interface Tracing {
  /** A Kafka transaction; `header`: what its records carry. */
  publishing(transactionalId: string, records: number): TracedStep & { readonly header: string };
  /** A batch of one partition on its way into the target; `published`: the headers of its records. */
  applying(place: AppliedPlace, records: number, published: readonly string[]): TracedStep;
  /** Sends what has ended; does not throw. */
  flush(): Promise<void>;
}

export interface AppliedPlace {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}
