import { describe, expect, it } from 'vitest';
import { LocalScorer } from '../../../src/consumers/score/local-scorer.ts';
import { DISQUALIFIED_VERSION, type LeadScorer } from '../../../src/consumers/score/scorer.ts';
import { ScorerError } from '../../../src/consumers/score/scorer-error.ts';
import {
  backfillJob,
  backfillKind,
  continuousJob,
  continuousKind,
} from '../../../src/consumers/score/score-jobs.ts';
import type { JobSpec } from '../../../src/sinks/job-queue.ts';
import { inTransaction } from '../../../src/sinks/target-pool.ts';
import { disqualifyLeads } from '../../../src/consumers/score/lead-judgement.ts';
import { until } from '../../support/capture.ts';
import {
  type ScoreDatabase,
  addLeads,
  addMessage,
  leadScore,
  scoreDatabase,
  startWorker,
} from '../../support/score.ts';

async function enqueue(
  database: ScoreDatabase,
  specs: readonly JobSpec[],
  kind = continuousKind(3),
): Promise<void> {
  const client = await database.pool.connect();
  try {
    await database.queue.enqueue(client, kind, specs);
  } finally {
    client.release();
  }
}

/** A scorer that costs money, as far as anybody can tell. */
function billed(score: () => Promise<number>): LeadScorer & { calls: string[] } {
  const calls: string[] = [];
  return {
    version: 'fake-1',
    billed: true,
    calls,
    score: async ({ leadId }) => {
      calls.push(leadId);
      return { score: await score(), reasons: ['because\u0000', 'half \ud83d'] };
    },
  };
}

describe('the score worker', () => {
  it('stores score, reasons, anchor and version of leads that have written', async () => {
    await using database = await scoreDatabase();
    await addLeads(database.pool, [
      { id: 'a', messages: ['>Hi', 'I need a new kitchen, how much is it?', 'Please call me tomorrow'] },
      { id: 'silent', messages: ['>Hi'] },
      { id: 'empty' },
    ]);
    await using worker = startWorker(database);
    await enqueue(
      database,
      ['a', 'silent', 'empty', 'gone'].map((id) => continuousJob(id, null)),
    );
    await until('all are done', () => worker.outcomes.length === 4);
    expect(worker.outcomes.toSorted()).toEqual(['lead-gone', 'no-inbound', 'no-inbound', 'scored']);
    const stored = await leadScore(database.pool, 'a');
    expect(stored).toMatchObject({ score_anchor: 'a-m3', score_model_version: new LocalScorer().version });
    expect(stored?.overall_score).toBeGreaterThan(5);
    expect(stored?.score_reasons?.length).toBeGreaterThan(0);
    expect(await leadScore(database.pool, 'silent')).toMatchObject({ overall_score: null });
  });

  it('leaves a score of the same anchor and version as it is, unless it is to score again', async () => {
    await using database = await scoreDatabase();
    const scorer = billed(async () => 7);
    await addLeads(database.pool, [{ id: 'a', messages: ['Tell me more'] }]);
    await using worker = startWorker(database, scorer);
    const run = async (spec: JobSpec, outcome: string): Promise<void> => {
      const before = worker.outcomes.length;
      await enqueue(database, [spec], backfillKind(3));
      await until('it is done', () => worker.outcomes.length > before);
      expect(worker.outcomes.at(-1)).toBe(outcome);
    };
    await run(continuousJob('a', null), 'scored');
    expect(await leadScore(database.pool, 'a')).toMatchObject({
      overall_score: 7,
      score_reasons: ['because', 'half \ufffd'],
    });
    await run(continuousJob('a', null), 'anchor-scored');
    await run(backfillJob('a', null, false, null), 'anchor-scored');
    expect(scorer.calls.length).toBe(1);
    await run(backfillJob('a', null, true, null), 'scored');
    await addMessage(database.pool, 'a', 'a-later', 'And how fast?');
    await run(continuousJob('a', null), 'scored');
    expect(scorer.calls.length).toBe(3);
    expect(await leadScore(database.pool, 'a')).toMatchObject({ score_anchor: 'a-later' });
  });

  it('gives blacklisted and opted-out leads the lowest score without asking a scorer', async () => {
    await using database = await scoreDatabase();
    const scorer = billed(async () => 9);
    await addLeads(database.pool, [
      { id: 'black', blacklisted: true, messages: ['I want to buy it all'] },
      { id: 'optout', messages: ['I want to buy it all', 'Actually, STOP texting me please'] },
      { id: 'footer', messages: ['Our offer ends soon. Reply STOP to end'] },
    ]);
    await using worker = startWorker(database, scorer);
    await enqueue(
      database,
      ['black', 'optout', 'footer'].map((id) => continuousJob(id, null)),
    );
    await until('all are done', () => worker.outcomes.length === 3);
    expect(scorer.calls).toEqual(['footer']);
    expect(await leadScore(database.pool, 'black')).toMatchObject({
      overall_score: 1,
      score_model_version: DISQUALIFIED_VERSION,
      score_reasons: ['blacklisted'],
    });
    expect(await leadScore(database.pool, 'optout')).toMatchObject({
      overall_score: 1,
      opt_out_message_id: 'optout-m2',
      score_reasons: [expect.stringContaining('opted out in message optout-m2')],
    });
    const { rows } = await database.pool.query('SELECT lead_id, outcome FROM freshet.score_calls');
    expect(rows).toEqual([{ lead_id: 'footer', outcome: 'ok' }]);
  });

  it('scores a lead whose opt-out somebody lifted, and holds only later messages against it', async () => {
    await using database = await scoreDatabase();
    await addLeads(database.pool, [{ id: 'a', messages: ['Hello there, tell me more', 'stop texting me'] }]);
    await using worker = startWorker(database);
    const run = async (): Promise<void> => {
      const before = worker.outcomes.length;
      await enqueue(database, [continuousJob('a', null)]);
      await until('it is done', () => worker.outcomes.length > before);
    };
    await run();
    await database.pool.query(`UPDATE leads SET opted_out_at = NULL WHERE id = 'a'`);
    await run();
    expect(worker.outcomes).toEqual(['disqualified', 'scored']);
    expect((await leadScore(database.pool, 'a'))?.overall_score).toBeGreaterThan(1);
    await addMessage(database.pool, 'a', 'again', 'STOP');
    await run();
    expect(await leadScore(database.pool, 'a')).toMatchObject({
      overall_score: 1,
      opt_out_message_id: 'again',
    });
  });

  it('stores nothing of an endpoint that fails, keeps the cause with the job, and tries again', async () => {
    await using database = await scoreDatabase();
    let failing = true;
    const scorer = billed(async () => {
      if (failing) throw new ScorerError('out-of-scale', 'The scorer answered 11');
      return 4;
    });
    await addLeads(database.pool, [{ id: 'a', messages: ['Tell me more'] }]);
    await using worker = startWorker(database, scorer);
    await enqueue(database, [continuousJob('a', null)]);
    await until('it failed', async () => {
      const { rows } = await database.pool.query<{ last_error: string | null }>(
        'SELECT last_error FROM graphile_worker.jobs',
      );
      return rows[0]?.last_error === 'The scorer answered 11';
    });
    expect(await leadScore(database.pool, 'a')).toMatchObject({ overall_score: null, score_anchor: null });
    failing = false;
    await until('it is scored', () => worker.outcomes.includes('scored'));
    const { rows } = await database.pool.query('SELECT outcome FROM freshet.score_calls ORDER BY id');
    expect(rows).toEqual([{ outcome: 'out-of-scale' }, { outcome: 'ok' }]);
  });

  it('fails one lead that cannot be stored, and stores the others', async () => {
    await using database = await scoreDatabase();
    const ids = [...Array(30).keys()].map((n) => `l${n}`);
    await addLeads(
      database.pool,
      ids.map((id) => ({ id, messages: ['Tell me more'] })),
    );
    await database.pool.query(`ALTER TABLE leads ADD CHECK (id <> 'l7' OR overall_score IS NULL)`);
    await using worker = startWorker(database);
    await enqueue(
      database,
      ids.map((id) => continuousJob(id, null)),
    );
    await until('the others are done', () => worker.outcomes.length === 29);
    await until('the one failed', () => worker.failures.length > 0);
    expect(worker.failures[0]).toContain('violates check constraint');
  });

  it('never leaves a score over a disqualification, whenever that comes: 1,000 rounds', async () => {
    await using database = await scoreDatabase();
    const rounds = 1_000;
    const ids = [...Array(rounds).keys()].map((n) => `l${n}`);
    await database.pool.query(`INSERT INTO clients VALUES ('c1', 'c1')`);
    await database.pool.query(
      `INSERT INTO leads (id, client_id) SELECT id, 'c1' FROM unnest($1::text[]) AS id`,
      [ids],
    );
    await database.pool.query(
      `INSERT INTO messages (id, lead_id, direction, body) SELECT id || '-1', id, 'inbound', 'Tell me more' FROM unnest($1::text[]) AS id`,
      [ids],
    );
    const slow = new LocalScorer();
    const scorer: LeadScorer = {
      version: 'slow-1',
      billed: false,
      score: async (conversation, signal) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
        return { ...(await slow.score(conversation, signal)), score: 10 };
      },
    };
    await using worker = startWorker(database, scorer, { concurrency: 8, prefetch: 8 });
    const optOut = async (id: string, index: number): Promise<void> => {
      await enqueue(database, [continuousJob(id, null)]);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      // In turn: a message, and the lead's row; told to nobody but by what the pipeline does about it.
      if (index % 2 === 0) await addMessage(database.pool, id, `${id}-2`, 'STOP');
      else await database.pool.query('UPDATE leads SET blacklisted = true WHERE id = $1', [id]);
      const hit =
        index % 2 === 0 ? { id: `${id}-2`, atUs: Date.now() * 1_000, rule: 'test', evidence: 'STOP' } : null;
      await inTransaction(database.pool, (client) => disqualifyLeads(client, new Map([[id, hit]]), 1));
    };
    await Promise.all(
      [0, 1, 2, 3].map(async (lane) => {
        for (let n = lane; n < rounds; n += 4) await optOut(ids[n] ?? '', n);
      }),
    );
    await until('the queue is empty', async () => {
      const { rows } = await database.pool.query('SELECT FROM graphile_worker.jobs LIMIT 1');
      return rows.length === 0;
    });
    const { rows } = await database.pool.query(
      `SELECT count(*)::int AS disqualified FROM leads WHERE overall_score = 1 AND score_model_version = $1`,
      [DISQUALIFIED_VERSION],
    );
    expect(rows).toEqual([{ disqualified: rounds }]);
    expect(worker.failures).toEqual([]);
    expect(worker.outcomes.filter((outcome) => outcome === 'scored').length).toBeGreaterThan(50);
  });
});
