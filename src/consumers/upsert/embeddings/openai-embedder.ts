import OpenAI from 'openai';
import { openAiClient } from '../../../runtime/openai-client.ts';
import { RequestGate } from '../../../runtime/request-gate.ts';
import { failureOf } from '../../score/openai-failure.ts';
import { type Embedder, EmbedderError, unitVector } from './embedder.ts';

export interface OpenAiEmbedderOptions {
  /** Of an OpenAI-compatible API, such as https://api.openai.com/v1. */
  readonly url: string;
  readonly apiKey: string;
  readonly model: string;
  /** Asked for where the model can have several. */
  readonly dimensions: number | null;
  readonly batchSize: number;
  readonly requestsPerMinute: number | null;
  readonly timeoutMs: number;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const WHO = 'The embeddings endpoint';

/** Any OpenAI-compatible endpoint. Tries once: who calls waits, and tries again. */
export class OpenAiEmbedder implements Embedder {
  readonly model: string;
  readonly batchSize: number;
  readonly #options: OpenAiEmbedderOptions;
  readonly #client: OpenAI;
  readonly #gate: RequestGate;

  constructor(options: OpenAiEmbedderOptions) {
    const { url, apiKey, model, batchSize, dimensions, requestsPerMinute, timeoutMs } = options;
    this.model = dimensions === null ? model : `${model}:${dimensions}`;
    this.batchSize = batchSize;
    this.#options = options;
    this.#gate = new RequestGate(requestsPerMinute ?? Number.POSITIVE_INFINITY);
    this.#client = openAiClient({ baseUrl: url, apiKey, timeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES });
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<number[][]> {
    await this.#gate.pass(signal);
    const { model, dimensions } = this.#options;
    const body = {
      model,
      input: [...texts],
      encoding_format: 'float' as const,
      ...(dimensions === null ? {} : { dimensions }),
    };
    try {
      const { data } = await this.#client.embeddings.create(body, { signal });
      return vectorsOf(data, texts.length);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof EmbedderError ? error : this.#failure(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #failure(error: unknown): EmbedderError {
    const { failure, message, retryAfterMs } = failureOf(error, WHO);
    if (failure === 'rate-limited') this.#gate.quiet(retryAfterMs ?? 0);
    const status: unknown = error instanceof OpenAI.APIError ? error.status : undefined;
    if (status === 401 || status === 403 || status === 404) return new EmbedderError('broken', message);
    return new EmbedderError(failure === 'rejected' ? 'refused' : 'later', message, retryAfterMs);
  }
}

/** Endpoints may answer in another order; `index` says which text is meant. */
function vectorsOf(
  data: readonly { readonly index: number; readonly embedding: number[] }[],
  count: number,
): number[][] {
  const sorted = data.toSorted((a, b) => a.index - b.index);
  const dimensions = sorted[0]?.embedding.length ?? 0;
  const isWhole =
    sorted.length === count &&
    sorted.every(
      ({ index, embedding }, i) =>
        index === i && embedding.length === dimensions && embedding.every(Number.isFinite),
    );
  if (!isWhole || dimensions === 0)
    throw new EmbedderError('later', `${WHO} answered something that is no list of ${count} embeddings`);
  return sorted.map(({ embedding }) => unitVector(embedding));
}
