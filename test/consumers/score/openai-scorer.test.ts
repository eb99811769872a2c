import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { OpenAiScorer, type OpenAiScorerOptions } from '../../../src/consumers/score/openai-scorer.ts';
import { parseRetryAfter } from '../../../src/consumers/score/openai-failure.ts';
import type { Conversation, ScoreUsage } from '../../../src/consumers/score/scorer.ts';
import { ScorerError } from '../../../src/consumers/score/scorer-error.ts';
import { listenHere } from '../../support/local-server.ts';

const SECRET = 'sk-test-very-secret';
const PRIVATE = 'my name is Zebulon Quark, call 555 123 4567';

const CONVERSATION: Conversation = {
  leadId: 'lead-77',
  messages: [
    { id: 'm1', direction: 'outbound', body: 'Hi, want a quote?', createdAt: new Date(0) },
    { id: 'm2', direction: 'inbound', body: PRIVATE, createdAt: new Date(3_600_000) },
  ],
};

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Answer = (response: ServerResponse, request: Received, number: number) => void;

/** A local endpoint that answers as it is told. */
async function endpoint(answer: Answer) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const entry = { headers: request.headers, body };
      received.push(entry);
      answer(response, entry, received.length);
    });
  });
  const listening = await listenHere(server);
  return {
    received,
    baseUrl: `http://127.0.0.1:${listening.port}/v1`,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

function json(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

function completion(content: unknown): Record<string, unknown> {
  return {
    id: 'c1',
    object: 'chat.completion',
    created: 0,
    model: 'm',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
  };
}

const GOOD = completion(JSON.stringify({ score: 8, reasons: ['asks for a price'] }));
const good: Answer = (response) => json(response, 200, GOOD);

function observed() {
  const outcomes: string[] = [];
  const usages: ScoreUsage[] = [];
  const waits: number[] = [];
  const observer = {
    requested: (outcome: string) => void outcomes.push(outcome),
    used: (usage: ScoreUsage) => void usages.push(usage),
    waited: (durationMs: number) => void waits.push(durationMs),
  };
  return { outcomes, usages, waits, observer };
}

function scorerFor(baseUrl: string, more: Partial<OpenAiScorerOptions> = {}): OpenAiScorer {
  return new OpenAiScorer({
    baseUrl,
    apiKey: SECRET,
    model: 'tiny',
    timeoutMs: 3_000,
    firstPauseMs: 5,
    ...more,
  });
}

const going = () => new AbortController().signal;

async function failureOf(scoring: Promise<unknown>): Promise<ScorerError> {
  const error: unknown = await scoring.then(
    () => expect.unreachable('a score was given'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ScorerError)) throw error;
  return error;
}

/** Everything that a logger could print of an error. */
function printed(error: Error): string {
  return (
    JSON.stringify(error, [...Object.getOwnPropertyNames(error), 'cause']) +
    String(error.stack) +
    String(error.cause)
  );
}

describe('the OpenAI-compatible scorer', () => {
  test('gives score, reasons, tokens and cost, and tells its observer', async () => {
    await using server = await endpoint(good);
    const seen = observed();
    const scorer = scorerFor(server.baseUrl, {
      ...seen,
      prices: { promptUsdPerMillion: 2, completionUsdPerMillion: 10 },
    });
    const result = await scorer.score(CONVERSATION, going());
    expect(result).toEqual({
      score: 8,
      reasons: ['asks for a price'],
      usage: { promptTokens: 100, completionTokens: 20, costUsd: 0.0004 },
    });
    expect(seen.outcomes).toEqual(['ok']);
    expect(seen.usages).toEqual([result.usage]);
  });

  test('asks for structured output and sends the words, not who the lead is', async () => {
    await using server = await endpoint(good);
    await scorerFor(server.baseUrl).score(CONVERSATION, going());
    const sent = JSON.parse(server.received[0]?.body ?? '') as {
      messages: { content: string }[];
      response_format: unknown;
    };
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);
    expect(sent.response_format).toMatchObject({ type: 'json_schema', json_schema: { strict: true } });
    expect(JSON.stringify(sent)).not.toContain('lead-77');
    expect(JSON.parse(sent.messages[1]?.content ?? '')).toEqual({
      messages: [
        { from: 'us', hoursBeforeNewest: 1, text: 'Hi, want a quote?' },
        { from: 'lead', hoursBeforeNewest: 0, text: PRIVATE },
      ],
    });
  });

  test('names model, prompt and scale in its version', () => {
    expect(scorerFor('http://127.0.0.1:1/v1').version).toBe('openai:tiny:p1:1-10');
    expect(scorerFor('http://127.0.0.1:1/v1', { scale: { min: 0, max: 100 } }).version).toBe(
      'openai:tiny:p1:0-100',
    );
  });

  const hang: Answer = () => {};
  const drip: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  };
  const answering =
    (content: unknown): Answer =>
    (response) =>
      json(response, 200, completion(content));

  test.each<[string, Answer, ScorerError['failure'], ScorerError['code'], number]>([
    ['hangs', hang, 'time-out', 'SCORER_UNAVAILABLE', 2],
    ['drips its body without an end', drip, 'time-out', 'SCORER_UNAVAILABLE', 2],
    ['resets the connection', (response) => response.destroy(), 'connection', 'SCORER_UNAVAILABLE', 2],
    [
      'stops in the middle of its body',
      (response) => {
        response.writeHead(200, { 'content-length': '999' });
        response.write('{"id');
        setTimeout(() => response.destroy(), 20);
      },
      'connection',
      'SCORER_UNAVAILABLE',
      2,
    ],
    [
      'answers 500 and quotes the prompt',
      (response, { body }) => json(response, 500, { error: { message: body } }),
      'server-error',
      'SCORER_UNAVAILABLE',
      2,
    ],
    [
      'answers 429',
      (response) => json(response, 429, { error: { message: 'slow down' } }),
      'rate-limited',
      'SCORER_UNAVAILABLE',
      2,
    ],
    [
      'answers 401 and quotes the key',
      (response) => json(response, 401, { error: { message: `Incorrect API key: ${SECRET}` } }),
      'rejected',
      'SCORER_REJECTED',
      1,
    ],
    [
      'answers 400',
      (response) => json(response, 400, { error: { message: 'bad' } }),
      'rejected',
      'SCORER_REJECTED',
      1,
    ],
    [
      'redirects',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'rejected',
      'SCORER_REJECTED',
      1,
    ],
    [
      'answers HTML',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hello</h1>'),
      'no-answer',
      'SCORER_ANSWER',
      1,
    ],
    [
      'answers broken JSON',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":['),
      'malformed',
      'SCORER_ANSWER',
      1,
    ],
    [
      'answers with an empty body',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(),
      'malformed',
      'SCORER_ANSWER',
      1,
    ],
    ['answers null', (response) => json(response, 200, null), 'no-answer', 'SCORER_ANSWER', 1],
    [
      'gives no choices',
      (response) => json(response, 200, { ...GOOD, choices: [] }),
      'no-answer',
      'SCORER_ANSWER',
      1,
    ],
    [
      'gives choices of a wrong type',
      (response) => json(response, 200, { ...GOOD, choices: 'eight' }),
      'no-answer',
      'SCORER_ANSWER',
      1,
    ],
    ['gives an empty content', answering(''), 'no-answer', 'SCORER_ANSWER', 1],
    [
      'gives prose that quotes the lead',
      answering(`I would say 8, as ${PRIVATE}`),
      'malformed',
      'SCORER_ANSWER',
      1,
    ],
    ['leaves out the reasons', answering('{"score": 8}'), 'wrong-shape', 'SCORER_ANSWER', 1],
    ['gives no reason', answering('{"score": 8, "reasons": []}'), 'wrong-shape', 'SCORER_ANSWER', 1],
    [
      'gives the score as text',
      answering('{"score": "8", "reasons": ["x"]}'),
      'wrong-shape',
      'SCORER_ANSWER',
      1,
    ],
    ['gives an array', answering('[8]'), 'wrong-shape', 'SCORER_ANSWER', 1],
    ['gives 11', answering('{"score": 11, "reasons": ["x"]}'), 'out-of-scale', 'SCORER_ANSWER', 1],
    ['gives 0', answering('{"score": 0, "reasons": ["x"]}'), 'out-of-scale', 'SCORER_ANSWER', 1],
    ['gives 7.5', answering('{"score": 7.5, "reasons": ["x"]}'), 'out-of-scale', 'SCORER_ANSWER', 1],
    ['gives 1e400', answering('{"score": 1e400, "reasons": ["x"]}'), 'wrong-shape', 'SCORER_ANSWER', 1],
    [
      'sends megabytes',
      (response) => json(response, 200, completion('x'.repeat(200_000))),
      'too-large',
      'SCORER_ANSWER',
      1,
    ],
  ])(
    'fails with its cause, and gives no score, where the endpoint %s',
    async (_how, answer, failure, code, requests) => {
      await using server = await endpoint(answer);
      const seen = observed();
      const scorer = scorerFor(server.baseUrl, {
        ...seen,
        attempts: 2,
        maxAnswerBytes: 100_000,
        ...(failure === 'time-out' ? { timeoutMs: 300 } : {}),
      });
      const error = await failureOf(scorer.score(CONVERSATION, going()));
      expect(error).toMatchObject({ failure, code });
      expect(server.received).toHaveLength(requests);
      expect(seen.outcomes).toEqual(Array.from({ length: requests }, () => failure));
      for (const secret of [SECRET, 'Zebulon', '555 123']) expect(printed(error)).not.toContain(secret);
    },
  );

  test('fails with its cause where nobody listens', async () => {
    const { baseUrl } = await endpoint(good).then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server;
    });
    const error = await failureOf(scorerFor(baseUrl, { attempts: 2 }).score(CONVERSATION, going()));
    expect(error).toMatchObject({
      failure: 'connection',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  test('counts tokens that were billed for an answer of no use', async () => {
    await using server = await endpoint(answering('{"score": 11, "reasons": ["x"]}'));
    const seen = observed();
    await failureOf(scorerFor(server.baseUrl, seen).score(CONVERSATION, going()));
    expect(seen.usages).toEqual([{ promptTokens: 100, completionTokens: 20 }]);
  });

  test('waits as long as Retry-After says, then gives the score', async () => {
    await using server = await endpoint((response, request, number) => {
      if (number === 1) json(response, 429, {}, { 'retry-after-ms': '120' });
      else good(response, request, number);
    });
    const started = performance.now();
    expect(await scorerFor(server.baseUrl).score(CONVERSATION, going())).toMatchObject({ score: 8 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(115);
  });

  test('hands a Retry-After that is too long for it to the queue', async () => {
    await using server = await endpoint((response) => json(response, 429, {}, { 'retry-after': '120' }));
    const error = await failureOf(scorerFor(server.baseUrl, { maxPauseMs: 50 }).score(CONVERSATION, going()));
    expect(error).toMatchObject({ failure: 'rate-limited', retryAfterMs: 120_000 });
    expect(server.received).toHaveLength(1);
  });

  test('gets over a failure that passes', async () => {
    await using server = await endpoint((response, request, number) => {
      if (number === 1) response.destroy();
      else if (number === 2) json(response, 503, {});
      else good(response, request, number);
    });
    const seen = observed();
    expect(await scorerFor(server.baseUrl, seen).score(CONVERSATION, going())).toMatchObject({ score: 8 });
    expect(seen.outcomes).toEqual(['connection', 'server-error', 'ok']);
  });

  test('keeps to its rate limit and tells how long it waited', async () => {
    await using server = await endpoint(good);
    const seen = observed();
    const scorer = scorerFor(server.baseUrl, { ...seen, requestsPerMinute: 1_200 });
    const started = performance.now();
    await Promise.all([1, 2, 3, 4].map(() => scorer.score(CONVERSATION, going())));
    expect(performance.now() - started).toBeGreaterThanOrEqual(145);
    expect(seen.waits.length).toBeGreaterThanOrEqual(3);
  });

  test.each([
    ['the answer', {}, hang],
    ['a pause', { firstPauseMs: 10_000 }, ((response) => json(response, 500, {})) satisfies Answer],
    ['the rate limit', { requestsPerMinute: 1 }, good],
  ])('stops at once with the reason of the signal while it waits for %s', async (_what, more, answer) => {
    await using server = await endpoint(answer);
    const controller = new AbortController();
    const scorer = scorerFor(server.baseUrl, { timeoutMs: 5_000, ...more });
    if ('requestsPerMinute' in more) await scorer.score(CONVERSATION, going());
    const scoring = scorer.score(CONVERSATION, controller.signal);
    setTimeout(() => controller.abort(new Error('shutting down')), 60);
    await expect(scoring).rejects.toThrow('shutting down');
  });
});

test.each([
  [{ 'retry-after': '3' }, 3_000],
  [{ 'retry-after': 'Thu, 01 Jan 1970 00:01:00 GMT' }, 50_000],
  [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:05 GMT' }, 0],
  [{ 'retry-after': 'soon' }, null],
  [{ 'retry-after': '-5' }, null],
  [{ 'retry-after-ms': '40', 'retry-after': '3' }, 40],
  [{}, null],
])('Retry-After %j means %s ms', (headers, expected) => {
  expect(parseRetryAfter(new Headers(headers as Record<string, string>), 10_000)).toBe(expected);
});
