import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CaptureLink } from '../../src/cli/backfill/capture-link.ts';
import { Engine } from '../../src/cli/engine.ts';
import { type Config, parseConfig, resolveConfig } from '../../src/config.ts';
import { until } from '../support/capture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { during } from '../support/during.ts';
import { services } from '../support/services.ts';

/** What the two captures publish until `done`; they are stopped then. */
async function captureBoth(config: Config, done: (engine: Engine) => Promise<boolean>): Promise<void> {
  const engine = new Engine(config, () => {});
  const captures = config.sources.map(
    (source) =>
      (signal: AbortSignal): Promise<void> =>
        engine.capture(source, signal),
  );
  await during(captures, async () => {
    await until('both captures have done their work', () => done(engine));
  });
}

async function withItems(): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.pool.query('CREATE TABLE items (id int PRIMARY KEY)');
  await database.pool.query('INSERT INTO items SELECT generate_series(1, 20)');
  return database;
}

/** Epochs of the plans that have ended, by source. */
async function epochs(config: Config): Promise<(number | null)[]> {
  return Promise.all(
    config.sources.map(async (source) => {
      using link = await CaptureLink.open(config, source);
      const [plan] = link.plans.filter(({ request }) => request.tag === null);
      return plan?.finishedAt === null ? null : (plan?.request.sweepBefore ?? null);
    }),
  );
}

describe('several sources in one configuration', () => {
  it('have slots, topics and epochs of their own, and a request to one leaves the other alone', async () => {
    await using one = await withItems();
    await using two = await withItems();
    const stem = `t${randomUUID().slice(0, 8)}`;
    const sources = [one, two].map(({ url }, i) => ({
      name: `${stem}-${i}`,
      url,
      tables: ['public.items'],
      onSlotLoss: 'refresh' as const,
    }));
    const config = resolveConfig(parseConfig({ sources }, 'test', {}), {}, services());
    const published = (engine: Engine): number[] =>
      config.sources.map(({ name }) => engine.status.source(name).published);
    await captureBoth(config, async () => !(await epochs(config)).includes(null));
    const [first, second] = await epochs(config);
    // Only the second one has lost its slot.
    const [, lost] = config.sources;
    await two.pool.query('SELECT pg_drop_replication_slot($1)', [lost?.slot ?? '']);
    const [asked] = config.sources;
    if (asked === undefined) throw new Error('the config has no source');
    using link = await CaptureLink.open(config, asked);
    const part = { table: { schema: 'public', name: 'items' }, where: 'id <= 7', keys: null };
    await link.send({ kind: 'refresh', id: 'seven', group: null, options: {}, parts: [part] });
    let rows: number[] = [];
    await captureBoth(config, async (engine) => {
      rows = published(engine);
      return rows[0] === 7 && rows[1] === 20;
    });
    expect(rows).toEqual([7, 20]);
    const [firstAgain, secondAgain] = await epochs(config);
    expect(firstAgain).toBe(first);
    expect(secondAgain).toBeGreaterThan(second ?? Infinity);
  });
});
