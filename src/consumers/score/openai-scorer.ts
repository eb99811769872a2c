import type OpenAI from 'openai';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAiClient } from '../../runtime/openai-client.ts';
import { failureOf, isWorthRetrying } from './openai-failure.ts';
import { RequestGate } from '../../runtime/request-gate.ts';
import {
  checkScale,
  type Conversation,
  DEFAULT_SCALE,
  type LeadScorer,
  type ScoreResult,
  type ScoreScale,
  type ScoreUsage,
} from './scorer.ts';
import { ScorerError, type ScorerFailure } from './scorer-error.ts';
import { answerFormat, parseAnswer, PROMPT_VERSION, scoringPrompt } from './scoring-prompt.ts';

/** Dollars for a million tokens. */
interface TokenPrices {
  readonly promptUsdPerMillion: number;
  readonly completionUsdPerMillion: number;
}

/** Told of everything that costs time or money; it never gets a prompt or an answer. */
export interface ScorerObserver {
  /** One HTTP request ended. */
  requested(outcome: 'ok' | ScorerFailure, durationMs: number): void;
  /** Tokens were billed, whether or not the answer was of use. */
  used(usage: ScoreUsage): void;
  /** A request waited for the rate limit. */
  waited(durationMs: number): void;
}

export interface OpenAiScorerOptions {
  /** Of an OpenAI-compatible API, such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly scale?: ScoreScale;
  /** For one request, headers and body. */
  readonly timeoutMs?: number;
  readonly requestsPerMinute?: number;
  /** Requests for one score, the first included. */
  readonly attempts?: number;
  /** The first pause between two attempts; it doubles. */
  readonly firstPauseMs?: number;
  /** The longest pause that is waited out here. A longer Retry-After fails, and is for the queue to wait for. */
  readonly maxPauseMs?: number;
  readonly maxAnswerBytes?: number;
  /** `json_schema` where the endpoint knows structured output, else `json_object`. Both are validated here. */
  readonly answerFormat?: 'json_schema' | 'json_object';
  readonly prices?: TokenPrices | null;
  readonly observer?: ScorerObserver;
}

const DEFAULTS = {
  scale: DEFAULT_SCALE,
  timeoutMs: 30_000,
  requestsPerMinute: Number.POSITIVE_INFINITY,
  attempts: 3,
  firstPauseMs: 500,
  maxPauseMs: 20_000,
  maxAnswerBytes: 1_048_576,
  answerFormat: 'json_schema',
  prices: null,
  observer: { requested: () => {}, used: () => {}, waited: () => {} },
} as const satisfies Partial<OpenAiScorerOptions>;

/** Scores through an OpenAI-compatible endpoint. One instance a process: it holds the rate limit. */
export class OpenAiScorer implements LeadScorer {
  readonly version: string;
  readonly billed = true;
  readonly #options: Required<OpenAiScorerOptions>;
  readonly #client: OpenAI;
  readonly #gate: RequestGate;

  constructor(options: OpenAiScorerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { scale, model, baseUrl, apiKey, timeoutMs, maxAnswerBytes, requestsPerMinute } = this.#options;
    checkScale(scale);
    this.version = `openai:${model}:${PROMPT_VERSION}:${scale.min}-${scale.max}`;
    this.#gate = new RequestGate(requestsPerMinute);
    this.#client = openAiClient({ baseUrl, apiKey, timeoutMs, maxAnswerBytes });
  }

  async score(conversation: Conversation, signal: AbortSignal): Promise<ScoreResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#ask(conversation, signal);
      } catch (error) {
        if (!(error instanceof ScorerError) || !isWorthRetrying(error)) throw error;
        const pauseMs =
          error.retryAfterMs ??
          jittered(this.#options.firstPauseMs * 2 ** (attempt - 1), this.#options.maxPauseMs);
        if (error.failure === 'rate-limited') this.#gate.quiet(Math.min(pauseMs, this.#options.maxPauseMs));
        if (attempt >= this.#options.attempts || pauseMs > this.#options.maxPauseMs) throw error;
        await pause(pauseMs, signal);
      }
    }
  }

  async #ask(conversation: Conversation, signal: AbortSignal): Promise<ScoreResult> {
    const { observer, scale } = this.#options;
    const waitedMs = await this.#gate.pass(signal);
    if (waitedMs >= 1) observer.waited(waitedMs);
    const started = performance.now();
    let outcome: 'ok' | ScorerFailure = 'ok';
    try {
      const answer = await this.#request(conversation, signal);
      const usage = this.#usageOf(answer);
      if (usage !== null) observer.used(usage);
      const { score, reasons } = parseAnswer(contentOf(answer), scale);
      return usage === null ? { score, reasons } : { score, reasons, usage };
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error);
      outcome = failure.failure;
      throw failure;
    } finally {
      if (!signal.aborted) observer.requested(outcome, performance.now() - started);
    }
  }

  #request(conversation: Conversation, signal: AbortSignal): Promise<unknown> {
    const { model, scale, answerFormat: format } = this.#options;
    return this.#client.chat.completions.create(
      {
        model,
        messages: scoringPrompt(conversation, scale),
        response_format:
          format === 'json_object'
            ? { type: 'json_object' }
            : {
                type: 'json_schema',
                json_schema: { name: 'lead_score', strict: true, schema: answerFormat(scale) },
              },
      },
      { signal },
    );
  }

  #usageOf(answer: unknown): ScoreUsage | null {
    const usage = field(answer, 'usage');
    const promptTokens = field(usage, 'prompt_tokens');
    const completionTokens = field(usage, 'completion_tokens');
    if (!isCount(promptTokens) || !isCount(completionTokens)) return null;
    const { prices } = this.#options;
    if (prices === null) return { promptTokens, completionTokens };
    const micros =
      promptTokens * prices.promptUsdPerMillion + completionTokens * prices.completionUsdPerMillion;
    return { promptTokens, completionTokens, costUsd: micros / 1_000_000 };
  }
}

/** The endpoint is only said to be compatible: its answer is unknown until it is read. */
function contentOf(answer: unknown): string {
  const choices = field(answer, 'choices');
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = field(first, 'message');
  const content = field(message, 'content');
  if (typeof content === 'string' && content.trim() !== '') return content;
  const refused = typeof field(message, 'refusal') === 'string';
  throw new ScorerError('no-answer', refused ? 'The scorer refused to answer' : 'The scorer gave no answer');
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** Half of the pause is random, so that workers that failed together do not come back together. */
function jittered(pauseMs: number, maxMs: number): number {
  return Math.min(pauseMs, maxMs) * (0.5 + Math.random() / 2);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
