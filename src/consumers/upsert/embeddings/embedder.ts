/** Turns texts into vectors. */
export interface Embedder extends AsyncDisposable {
  /** Stored with each embedding: those of another model are made anew. */
  readonly model: string;
  /** Texts that go together; a fresh change waits for one batch at most. */
  readonly batchSize: number;
  /** A vector of length 1 for each text, in order. Rejects with EmbedderError, or when the signal aborts. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly number[])[]>;
}

/** `later`: the same texts may succeed. `refused`: they never will, or one of them. `broken`: nothing will. */
export type EmbedderFailure = 'later' | 'refused' | 'broken';

export class EmbedderError extends Error {
  readonly failure: EmbedderFailure;
  /** How long the endpoint asked us to wait; null where it did not say. */
  readonly retryAfterMs: number | null;

  constructor(failure: EmbedderFailure, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = 'EmbedderError';
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The vector in its direction, of length 1: then the cosine of two is their dot product. */
export function unitVector(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? [...vector] : vector.map((value) => value / length);
}
