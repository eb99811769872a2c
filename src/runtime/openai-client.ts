import OpenAI from 'openai';
import { boundedFetch } from './bounded-fetch.ts';

export interface OpenAiAccess {
  /** Of an OpenAI-compatible API, such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** For one request, headers and body. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/** A client that tries once, says nothing, and reads nothing from the environment. */
export function openAiClient({ baseUrl, apiKey, timeoutMs, maxAnswerBytes }: OpenAiAccess): OpenAI {
  return new OpenAI({
    baseURL: baseUrl,
    apiKey,
    organization: null,
    project: null,
    timeout: timeoutMs,
    maxRetries: 0,
    logLevel: 'off',
    fetch: boundedFetch(maxAnswerBytes),
  });
}
