import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../support/capture.ts';
import { startCommand } from '../support/command.ts';
import { type ScoreDatabase, scoreDatabase } from '../support/score.ts';
import { services } from '../support/services.ts';

const LEADS = 3_000;
/** Every fifth never wrote, every hundredth is blacklisted: 2,400 wrote, 30 of them are disqualified. */
const EXAMPLE = `
INSERT INTO clients VALUES ('c1', 'c1');
INSERT INTO leads (id, client_id, blacklisted)
  SELECT 'l' || lpad(n::text, 5, '0'), 'c1', n % 100 = 1 FROM generate_series(1, ${LEADS}) n;
INSERT INTO messages (id, lead_id, direction, body, created_at)
  SELECT l.id || '-' || n, l.id, CASE WHEN n = 2 THEN 'inbound' ELSE 'outbound' END, 'How much is it?', now()
  FROM leads l, generate_series(1, 2) n WHERE n = 1 OR right(l.id, 5)::int % 5 > 0`;
const ELIGIBLE = `SELECT id FROM leads WHERE NOT blacklisted AND right(id, 5)::int % 5 > 0 ORDER BY id`;
const JOBS = `SELECT substr(key, length('lead_scoring_backfill:') + 1) AS id FROM graphile_worker.jobs ORDER BY key`;
/** In pages of few leads, with a moment between them in which a kill can hit. */
const COMMAND = ['backfill', 'score', '--apply', '--limit', '25', '--page-delay-ms', '5', '--json'];
/** Jobs after which the process is killed. */
const KILLS = [300, 900, 1_700];

async function idsOf({ pool }: ScoreDatabase, sql: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(sql);
  return rows.map(({ id }) => id);
}

it('a backfill of scores that is killed and resumed three times leaves one job for each lead that wrote', async () => {
  await using database = await scoreDatabase();
  await database.pool.query(EXAMPLE);
  const folder = await mkdtemp(join(tmpdir(), 'freshet-score-'));
  const name = `t${randomUUID().slice(0, 8)}`;
  const config = join(folder, 'freshet.config.mjs');
  const source = { name, tables: ['public.leads', 'public.messages'] };
  await writeFile(config, `export default ${JSON.stringify({ sources: [source], pipelines: ['score'] })};`);
  const { targetUrl, kafkaBrokers, registryUrl } = services();
  const env = {
    FRESHET_CONFIG: config,
    FRESHET_SOURCE_URL: database.url,
    FRESHET_TARGET_URL: targetUrl,
    FRESHET_KAFKA_BROKERS: kafkaBrokers.join(','),
    FRESHET_REGISTRY_URL: registryUrl,
  };
  try {
    for (const [tries, jobs] of KILLS.entries()) {
      const running = startCommand([...COMMAND, ...(tries > 0 ? ['--resume'] : [])], env, folder);
      await until(`${jobs} jobs are there`, async () => (await idsOf(database, JOBS)).length >= jobs);
      running.kill('SIGKILL');
      expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
      expect((await idsOf(database, JOBS)).length).toBeLessThan(2_370);
    }
    const last = await startCommand([...COMMAND, '--resume'], env, folder).ended;
    expect(last).toMatchObject({ code: 0, signal: null });
    expect(JSON.parse(last.stdout)).toMatchObject({ end: 'done', errors: 0 });
    const eligible = await idsOf(database, ELIGIBLE);
    expect(eligible).toHaveLength(2_370);
    expect(await idsOf(database, JOBS)).toEqual(eligible);
    expect(
      await idsOf(database, 'SELECT id FROM leads WHERE overall_score = 1 AND blacklisted'),
    ).toHaveLength(30);
    // A second run re-queues them, and doubles none.
    expect((await startCommand(COMMAND, env, folder).ended).code).toBe(0);
    expect(await idsOf(database, JOBS)).toEqual(eligible);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 240_000);
