import { createServer, type ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { lockLeads } from '../../../src/consumers/score/lead-rows.ts';
import { OpenAiScorer } from '../../../src/consumers/score/openai-scorer.ts';
import { PausingScorer } from '../../../src/consumers/score/pausing-scorer.ts';
import { continuousJob, continuousKind } from '../../../src/consumers/score/score-jobs.ts';
import { TARGET_DEFAULTS, createTargetPool, inTransaction } from '../../../src/sinks/target-pool.ts';
import { until } from '../../support/capture.ts';
import { listenHere } from '../../support/local-server.ts';
import { addLeads, addMessage, leadScore, scoreDatabase, startWorker } from '../../support/score.ts';

type Answer = (response: ServerResponse) => void;

const says =
  (content: string, status = 200): Answer =>
  (response) => {
    const body = { choices: [{ index: 0, message: { role: 'assistant', content } }] };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
const good = says('{"score": 8, "reasons": ["asks for a price"]}');

/** How the endpoint treats a conversation that names the way, what is written down, and what the job says. */
const WAYS: Readonly<Record<string, readonly [answer: Answer, outcome: string]>> = {
  'hangs-up': [(response) => response.destroy(), 'connection'],
  silent: [() => {}, 'time-out'],
  busy: [(response) => response.writeHead(429, { 'retry-after': '1' }).end(), 'rate-limited'],
  broken: [(response) => response.writeHead(503).end(), 'server-error'],
  chatty: [says('I would say eight'), 'malformed'],
  eleven: [says('{"score": 11, "reasons": ["great"]}'), 'out-of-scale'],
  terse: [says('{"score": 8}'), 'wrong-shape'],
};

/** An endpoint that misbehaves until it is cured. */
async function endpoint() {
  const state = { cured: false, requests: 0 };
  const server = createServer((request, response) => {
    state.requests += 1;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const way = /way:([a-z-]+)/.exec(Buffer.concat(chunks).toString())?.[1] ?? '';
      (state.cured ? good : (WAYS[way]?.[0] ?? good))(response);
    });
  });
  const listening = await listenHere(server);
  return {
    state,
    url: `http://127.0.0.1:${listening.port}/v1`,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

describe('an endpoint that misbehaves', () => {
  it('has nothing stored; the jobs keep the cause, and go on once it is cured', async () => {
    await using server = await endpoint();
    await using database = await scoreDatabase();
    const ways = Object.keys(WAYS);
    await addLeads(
      database.pool,
      ways.map((id) => ({ id, messages: [`How much is it? way:${id}`] })),
    );
    const scorer = new OpenAiScorer({
      baseUrl: server.url,
      apiKey: 'key',
      model: 'tiny',
      timeoutMs: 2_500,
      attempts: 1,
      maxPauseMs: 10,
    });
    await using worker = startWorker(database, new PausingScorer(scorer, () => 10), {
      concurrency: 10,
      prefetch: 0,
    });
    await inTransaction(database.pool, (client) =>
      database.queue.enqueue(
        client,
        continuousKind(25),
        ways.map((id) => continuousJob(id, null)),
      ),
    );
    await until('every job failed and kept its cause', async () => {
      const { rows } = await database.pool.query<{ last_error: string | null }>(
        'SELECT last_error FROM graphile_worker.jobs',
      );
      return (
        rows.length === ways.length && rows.every(({ last_error: cause }) => /scorer/i.test(cause ?? ''))
      );
    });
    for (const id of ways) {
      expect(await leadScore(database.pool, id)).toMatchObject({ overall_score: null, score_anchor: null });
    }
    server.state.cured = true;
    await until('all are scored', () => worker.outcomes.length === ways.length);
    for (const id of ways) {
      expect(await leadScore(database.pool, id)).toMatchObject({
        overall_score: 8,
        score_anchor: `${id}-m1`,
      });
    }
    const { rows } = await database.pool.query<{ lead_id: string; outcomes: string[] }>(
      'SELECT lead_id, array_agg(outcome ORDER BY id) AS outcomes FROM freshet.score_calls GROUP BY 1',
    );
    const calls = new Map(rows.map((row) => [row.lead_id, row.outcomes]));
    for (const [id, [, outcome]] of Object.entries(WAYS)) {
      expect([id, calls.get(id)?.[0], calls.get(id)?.at(-1)]).toEqual([id, outcome, 'ok']);
    }
  });

  it('lets the jobs of a process wait while it is away, and asks it no oftener than the pause allows', async () => {
    await using server = await endpoint();
    await using database = await scoreDatabase();
    const ids = Array.from({ length: 20 }, (_, n) => `l${n}`);
    await addLeads(
      database.pool,
      ids.map((id) => ({ id, messages: ['How much is it? way:broken'] })),
    );
    const scorer = new OpenAiScorer({ baseUrl: server.url, apiKey: 'key', model: 'tiny', attempts: 1 });
    await using worker = startWorker(database, new PausingScorer(scorer, () => 1_500), {
      concurrency: 2,
      prefetch: 0,
    });
    await inTransaction(database.pool, (client) =>
      database.queue.enqueue(
        client,
        continuousKind(25),
        ids.map((id) => continuousJob(id, null)),
      ),
    );
    await until('two jobs failed', () => worker.failures.length >= 2);
    server.state.cured = true;
    expect(server.state.requests).toBeLessThanOrEqual(4);
    await until(
      'all are scored',
      () => worker.outcomes.filter((outcome) => outcome === 'scored').length === 20,
    );
  });
});

/** A pool whose sessions wait for no lock. */
function impatientPool(url: string) {
  const pool = createTargetPool({ url }, 'test', { ...TARGET_DEFAULTS, lockTimeoutMs: 300 });
  return { pool, [Symbol.asyncDispose]: () => pool.end() };
}

describe('a message that comes in', () => {
  it('does not wait for a lead that is being scored', async () => {
    await using database = await scoreDatabase();
    await addLeads(database.pool, [{ id: 'a', messages: ['How much is it?'] }]);
    await using impatient = impatientPool(database.url);
    await inTransaction(database.pool, async (client) => {
      await lockLeads(client, ['a']);
      await addMessage(impatient.pool, 'a', 'a-later', 'Hello?');
      // The lock is there, for whoever wants to change the row.
      await expect(impatient.pool.query(`UPDATE leads SET status = 'seen'`)).rejects.toMatchObject({
        code: '55P03',
      });
    });
  });
});
