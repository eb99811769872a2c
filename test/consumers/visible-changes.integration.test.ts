import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyChange, definePipeline, sourceTable } from '../../src/consumers/define-pipeline.ts';
import { StepRunner } from '../../src/consumers/step-runner.ts';
import { RowWriter } from '../../src/sinks/row-writer.ts';
import { inTransaction } from '../../src/sinks/target-pool.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const LANE = { group: 'g', topic: 't', partition: 0 };

/** Names the ids that it finds in its own source. */
function finder(writesBack: boolean, found: string[][]) {
  return definePipeline({
    name: 'finder',
    sources: { items: sourceTable('public.items', z.object({ id: z.string() })) },
    targets: [],
    writesBack,
    apply: async ({ client }) => {
      const { rows } = await client.query<{ id: string }>('SELECT id FROM items ORDER BY id');
      found.push(rows.map(({ id }) => id));
      return { counts: [] };
    },
  });
}

function changeOf(id: string, xid: number | null): AnyChange {
  const base = { source: 'items', tag: null, snapshot: xid === null, position: '', epoch: 1 };
  return { ...base, kind: 'upsert', key: { id }, row: { id }, xid };
}

/** A row whose transaction is streamed by now, by what a consumer can tell, but not visible. */
async function openInsert(client: PoolClient, id: string): Promise<number> {
  await client.query('BEGIN');
  const { rows } = await client.query<{ xid: string }>(
    'INSERT INTO items VALUES ($1) RETURNING pg_current_xact_id()::xid::text AS xid',
    [id],
  );
  return Number(rows[0]?.xid);
}

describe('changes of a transaction that is not visible yet', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await database.pool.query('CREATE TABLE items (id text PRIMARY KEY)');
  });
  afterAll(() => database[Symbol.asyncDispose]());

  async function apply(writesBack: boolean, changes: readonly AnyChange[], found: string[][]): Promise<void> {
    const steps = new StepRunner(finder(writesBack, found), new RowWriter());
    await inTransaction(database.pool, (client) =>
      steps.run({ client, lane: LANE, from: 'x', work: {} }, { kind: 'changes', changes }),
    );
  }

  async function inOpenInsert(id: string, act: (xid: number, commit: () => Promise<void>) => Promise<void>) {
    const client = await database.pool.connect();
    try {
      const xid = await openInsert(client, id);
      await act(xid, async () => void (await client.query('COMMIT')));
    } finally {
      await client.query('ROLLBACK');
      client.release();
      await database.pool.query('TRUNCATE items');
    }
  }

  it('are applied by a pipeline that writes to its own source once they are', async () => {
    await inOpenInsert('a', async (xid, commit) => {
      const found: string[][] = [];
      const applied = apply(true, [changeOf('a', xid)], found);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(found).toEqual([]);
      await commit();
      await applied;
      expect(found).toEqual([['a']]);
    });
  });

  it('are given back to be tried again when that takes long', async () => {
    await inOpenInsert('a', async (xid) => {
      const found: string[][] = [];
      await expect(apply(true, [changeOf('a', xid)], found)).rejects.toMatchObject({
        code: 'CONNECTION',
        message: `transaction ${xid} is committed, but not visible yet`,
      });
      expect(found).toEqual([]);
    });
  });

  it.each([
    ['of another pipeline: its target knows nothing of them', false, (xid: number) => xid],
    ['of a snapshot: it saw them', true, () => null],
    ['of a transaction that this server does not know', true, (xid: number) => xid + 1_000_000],
    ['of a transaction long ago', true, () => 3],
  ])('are not waited for if they are %s', async (_what, writesBack, xidOf) => {
    await inOpenInsert('a', async (xid) => {
      const found: string[][] = [];
      await apply(writesBack, [changeOf('b', xidOf(xid))], found);
      expect(found).toEqual([[]]);
    });
  });
});
