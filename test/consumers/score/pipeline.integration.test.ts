import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AnyChange } from '../../../src/consumers/define-pipeline.ts';
import { LocalScorer } from '../../../src/consumers/score/local-scorer.ts';
import { createScorePipeline } from '../../../src/consumers/score/pipeline.ts';
import { JobQueue } from '../../../src/sinks/job-queue.ts';
import { inTransaction } from '../../../src/sinks/target-pool.ts';
import { captureContext, until } from '../../support/capture.ts';
import { startPipeline } from '../../support/pipeline.ts';
import {
  type ScoreDatabase,
  addLeads,
  addMessage,
  leadScore,
  scoreDatabase,
  startWorker,
} from '../../support/score.ts';
import { services } from '../../support/services.ts';

const pipeline = createScorePipeline({
  queue: new JobQueue('graphile_worker'),
  scorerVersion: new LocalScorer().version,
  lowestScore: 1,
  maxAttempts: 25,
});
const GROUP = 'test.score';

async function jobs(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ key: string }>('SELECT key FROM graphile_worker.jobs ORDER BY key');
  return rows.map(({ key }) => key);
}

describe('a batch of the score pipeline', () => {
  let database: ScoreDatabase;
  beforeAll(async () => {
    database = await scoreDatabase();
  });
  afterAll(() => database[Symbol.asyncDispose]());
  beforeEach(async () => {
    await database.pool.query('DELETE FROM leads; DELETE FROM graphile_worker._private_jobs');
    await addLeads(database.pool, [
      { id: 'a', messages: ['>Hi', 'Tell me more'] },
      { id: 'b', messages: ['Please stop texting me'] },
      { id: 'c', messages: ['>Hi'] },
    ]);
  });

  /** The rows of the table as changes, as they are now. */
  async function changes(table: 'leads' | 'messages', how: Partial<AnyChange>): Promise<AnyChange[]> {
    const { rows } = await database.pool.query<Record<string, string>>(
      table === 'leads'
        ? 'SELECT id FROM leads ORDER BY id'
        : `SELECT id, lead_id, direction, body, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at FROM messages ORDER BY id`,
    );
    return rows.map((row) => ({
      source: table,
      kind: 'upsert',
      key: { id: row['id'] ?? '' },
      row,
      tag: null,
      snapshot: false,
      xid: null,
      position: '',
      epoch: 1,
      ...how,
    }));
  }

  function apply(batch: readonly AnyChange[]): Promise<unknown> {
    const lane = { group: GROUP, topic: 't', partition: 0 };
    const context = { group: GROUP, stored: () => null, lookUps: {} };
    return inTransaction(database.pool, async (client) => {
      await pipeline.apply?.({ client, lane, from: 'x', changes: batch, context, work: {} });
    });
  }

  const tag = (group: string | null) => ({ id: 'r1', group, options: {} });

  it('enqueues one job for each lead that wrote, and none for one that opted out', async () => {
    await apply(await changes('messages', {}));
    expect(await jobs(database.pool)).toEqual(['lead_scoring:a']);
    expect(await leadScore(database.pool, 'b')).toMatchObject({
      overall_score: 1,
      opt_out_message_id: 'b-m1',
    });
  });

  it.each([
    ['a first start', null],
    ["somebody else's refresh", tag('test.other')],
    ['a refresh of everybody', tag(null)],
  ])('enqueues nothing for the rows of %s, and heeds opt-outs in them', async (_, refresh) => {
    await apply(await changes('messages', { snapshot: true, tag: refresh }));
    await apply(await changes('leads', { snapshot: true, tag: refresh }));
    expect(await jobs(database.pool)).toEqual([]);
    expect(await leadScore(database.pool, 'b')).toMatchObject({ overall_score: 1 });
  });

  it('enqueues for the rows of a refresh that names its group', async () => {
    await apply(await changes('messages', { snapshot: true, tag: tag(GROUP) }));
    expect(await jobs(database.pool)).toEqual(['lead_scoring:a']);
  });

  it('asks for no score where the newest message has one, and writes nothing twice', async () => {
    await database.pool.query(
      `UPDATE leads SET overall_score = 5, score_anchor = 'a-m2', score_model_version = $1 WHERE id = 'a'`,
      [new LocalScorer().version],
    );
    await apply(await changes('messages', {}));
    await apply(await changes('leads', {}));
    expect(await jobs(database.pool)).toEqual([]);
    const before = await database.pool.query('SELECT id, xmin, overall_score FROM leads ORDER BY id');
    await apply(await changes('messages', {}));
    await apply(await changes('leads', {}));
    expect((await database.pool.query('SELECT id, xmin, overall_score FROM leads ORDER BY id')).rows).toEqual(
      before.rows,
    );
  });

  it("heeds the lead's own row: a blacklisted one at once, a lifted opt-out with a job", async () => {
    await apply(await changes('messages', {}));
    await database.pool.query(
      `UPDATE leads SET blacklisted = true WHERE id = 'a'; UPDATE leads SET opted_out_at = NULL WHERE id = 'b';
       DELETE FROM graphile_worker._private_jobs`,
    );
    await apply(await changes('leads', {}));
    expect(await leadScore(database.pool, 'a')).toMatchObject({
      overall_score: 1,
      score_reasons: ['blacklisted'],
    });
    expect(await jobs(database.pool)).toEqual(['lead_scoring:b']);
    await apply(await changes('messages', {}));
    const { rows } = await database.pool.query(`SELECT opted_out_at FROM leads WHERE id = 'b'`);
    expect(rows).toEqual([{ opted_out_at: null }]);
  });
});

describe('the score pipeline, from the source to the score', () => {
  it('leaves what was there alone, scores what comes, and lets an opt-out win', async () => {
    await using database = await scoreDatabase();
    await addLeads(
      database.pool,
      ['old', 'new', 'out', 'black'].map((id) => ({ id, messages: ['Tell me more please'] })),
    );
    const context = captureContext(database, ['leads', 'messages']);
    await using capture = context.start();
    await using consumer = startPipeline({
      services: services(),
      targetUrl: database.url,
      prefix: context.config.prefix,
      pipeline,
    });
    const seen = (): number => [...consumer.tally.changes.values()].reduce((sum, count) => sum + count, 0);
    await until('the first refresh is applied', () => seen() >= 8);
    expect(await jobs(database.pool)).toEqual([]);
    {
      await using worker = startWorker(database);
      await addMessage(database.pool, 'new', 'fresh', 'How much is it?');
      await until('it is scored', () => worker.outcomes.includes('scored'));
      expect(await leadScore(database.pool, 'new')).toMatchObject({ score_anchor: 'fresh' });
    }
    // With no worker there at all.
    await addMessage(database.pool, 'out', 'stop', 'STOP');
    await database.pool.query(`UPDATE leads SET blacklisted = true WHERE id = 'black'`);
    for (const id of ['out', 'black'])
      await until(
        `${id} is disqualified`,
        async () => (await leadScore(database.pool, id))?.overall_score === 1,
      );
    expect(await leadScore(database.pool, 'old')).toMatchObject({ overall_score: null });
    expect(consumer.tally.deadLetters).toEqual([]);
    expect(capture).toBeDefined();
  });
});
