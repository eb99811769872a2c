import { expect, it } from 'vitest';
import type { TransformSummary } from '../../../src/cli/transform/summary.ts';
import { counts } from '../../consumers/transform/target.ts';
import { until } from '../../support/capture.ts';
import { type EndedCommand, startCommand } from '../../support/command.ts';
import { closeGate } from '../../support/gate.ts';
import { failingChecks, openSite, slots, type TransformSite } from './site.ts';

const INTERRUPTED = 130;
const RESULTS = 600;
/** A brand row and a competitor's for each result. */
const EXAMPLE = `
INSERT INTO brand_competitors VALUES (100, 10, 'Acme');
INSERT INTO extracted_positions (id, collector_result_id, brand_id, processed_at, competitor_name, sentiment_label)
  SELECT r * 2 + n, r, 10, '2026-03-01T12:00:00Z', CASE WHEN n = 1 THEN 'Acme' END, CASE WHEN n = 0 THEN 'POSITIVE' END
  FROM generate_series(1, ${RESULTS}) r, generate_series(0, 1) n;`;
const ALL = [RESULTS, RESULTS, RESULTS, RESULTS, 0];

/** In transactions of few rows. */
const COMMAND = ['backfill', 'transform', '--json', '--batch-size', '20'];

/** Presses Ctrl-C in the middle of a backfill. */
async function interrupt(site: TransformSite): Promise<EndedCommand> {
  const { pool } = site.target;
  await site.setup.engine.migrate([site.setup.pipeline]);
  const gate = await closeGate(pool, 'INSERT ON metric_facts', `NEW.collector_result_id > ${RESULTS / 3}`);
  const running = startCommand(COMMAND, site.env, site.folder);
  try {
    await until('some results are there', async () => ((await counts(pool))[0] ?? 0) > 0);
    running.kill('SIGINT');
    await until('it has heard', () => running.told().includes('stopping'));
  } catch (error) {
    running.kill('SIGKILL');
    throw new Error(`it said: ${running.told()}`, { cause: error });
  } finally {
    // What waits there keeps every slot of the server from being made.
    await gate.open();
  }
  return running.ended;
}

async function resume(site: TransformSite): Promise<TransformSummary> {
  const { code, stdout, stderr } = await startCommand([...COMMAND, '--resume'], site.env, site.folder).ended;
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as TransformSummary;
}

it('freshet backfill transform --resume goes on where Ctrl-C stopped it, and counts each result once', async () => {
  await using site = await openSite(EXAMPLE);
  const { pool } = site.target;
  const first = await interrupt(site);
  expect(first).toMatchObject({ code: INTERRUPTED, stderr: expect.stringContaining('--resume goes on') });
  const [facts = 0] = await counts(pool);
  expect([facts > 0, facts < RESULTS]).toEqual([true, true]);
  expect(await slots(site)).toEqual([]);
  const summary = await resume(site);
  expect(summary).toMatchObject({ rows: 2 * RESULTS + 1, processed: RESULTS, skipped: 0, errors: 0 });
  expect(Object.values(summary.tables).map(({ created }) => created)).toEqual(ALL);
  expect(await counts(pool)).toEqual(ALL);
  expect(await failingChecks(site)).toEqual([]);
  // There is nothing left to go on with: a new one begins, and finds everything there.
  expect(await resume(site)).toMatchObject({ processed: RESULTS, skipped: RESULTS });
  expect(await slots(site)).toEqual([]);
}, 240_000);
