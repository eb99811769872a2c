import { describe, expect, it } from 'vitest';
import { captureContext, stateOf, until } from '../support/capture.ts';
import { createDatabase } from '../support/database.ts';
import { ownServer, requireStandby } from '../support/missing-standby.ts';
import { temporaryDataDir } from '../support/services-environment.ts';

const ROWS = 20_000;
/** Reached last by the first refresh. */
const LAST = ROWS;

describe('a transaction that waits for a synchronous standby', () => {
  it(
    'is decoded before any snapshot sees it, and no row of such a snapshot wins',
    { timeout: 180_000 },
    async () => {
      await using folder = await temporaryDataDir();
      await using server = await ownServer(folder.path);
      await using database = await createDatabase(server.urls.sourceUrl);
      await database.pool.query('CREATE TABLE items (id int PRIMARY KEY, name text)');
      await database.pool.query(`INSERT INTO items SELECT i, 'old' FROM generate_series(1, ${ROWS}) i`);
      const snapshot = {
        chunkRows: 50,
        chunkBytes: 1 << 20,
        chunksInFlight: 1,
        partsPerTable: 1,
        windowBytes: 1 << 22,
        connections: 1,
        lockTimeoutMs: 5_000,
        walBudgetBytes: null,
        whereTimeoutMs: 5_000,
      };
      const context = captureContext(database, ['items'], { snapshot });
      let isConnected = false;
      let updates = 0;
      let isFinished = false;
      const staleXids = new Set<number>();
      let attempts = 0;
      await using _ = context.start({
        connected: () => (isConnected = true),
        published: (_table, op, rows) => (updates += op === 'u' ? rows : 0),
        progress: (plan) => (isFinished = plan.finishedAt !== null),
        chunkStale: (_table, xids) => {
          attempts += 1;
          for (const xid of xids) staleXids.add(xid);
        },
      });
      await until('the capture is connected', () => isConnected);
      await requireStandby(database, 'nobody');
      const update = database.pool.query<{ xid: string }>(
        `UPDATE items SET name = 'new' WHERE id = ${LAST} RETURNING pg_current_xact_id()::xid::text AS xid`,
      );
      try {
        await until('the update is published', () => updates === 1);
        const { rows: seen } = await database.pool.query<{ name: string }>(
          `SELECT name FROM items WHERE id = ${LAST}`,
        );
        expect(seen).toEqual([{ name: 'old' }]);
        await until('chunks are stale', () => attempts >= 4);
        expect(isFinished).toBe(false);
      } finally {
        await requireStandby(database, null);
      }
      const xid = Number((await update).rows[0]?.xid);
      await until('the refresh is finished', () => isFinished, 120_000);
      expect([...staleXids]).toEqual([xid]);
      const changes = await context.read('items');
      const ofKey = changes
        .flatMap((change) => (change.op === 'u' || change.op === 'r' ? [change] : []))
        .filter(({ key }) => key['id'] === LAST);
      const names = ofKey.map(({ after }) => after['name']);
      expect(names.slice(names.indexOf('new'))).not.toContain('old');
      expect(stateOf(changes).get(`["${LAST}"]`)).toMatchObject({ after: { name: 'new' } });
      expect(stateOf(changes).size).toBe(ROWS);
    },
  );
});
