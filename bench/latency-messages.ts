/** Milliseconds since 1970. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export type WriterOrder =
  | { readonly type: 'write'; readonly url: string; readonly rows: number; readonly rate: number }
  | { readonly type: 'stop' };
export type WriterReport =
  | { readonly type: 'booted' }
  | { readonly type: 'writing' }
  | { readonly type: 'failed'; readonly message: string };

export type ReaderOrder =
  | { readonly type: 'read'; readonly brokers: readonly string[]; readonly topic: string }
  | { readonly type: 'tell'; readonly span: Span }
  | { readonly type: 'stop' };
export type ReaderReport =
  | { readonly type: 'booted' }
  | { readonly type: 'reading' }
  /** From the row's clock to the consumer's hand, milliseconds, of rows that were written in the span; sorted. */
  | { readonly type: 'latencies'; readonly latenciesMs: readonly number[] }
  | { readonly type: 'failed'; readonly message: string };
