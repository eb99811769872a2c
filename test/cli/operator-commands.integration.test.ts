import { expect, it } from 'vitest';
import { Engine } from '../../src/cli/engine.ts';
import { upsertPipeline } from '../../src/consumers/upsert/pipeline.ts';
import { until } from '../support/capture.ts';
import { CommandLine } from '../support/command-line.ts';
import { during, type Tasks } from '../support/during.ts';
import { openShop } from '../support/shop.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it(
  'the commands of an operator say what is wrong, mend it, and tell by their exit codes',
  { timeout: 240_000 },
  async () => {
    await using shop = await openShop(20);
    await using folder = await temporaryFolder();
    const freshet = await CommandLine.in(folder.path, shop);
    const { pool } = shop.database;
    const engine = new Engine(shop.config, () => {});
    await engine.migrate([upsertPipeline]);
    await pool.query(`ALTER TABLE items ADD CONSTRAINT good CHECK (sku <> 'sku7')`);
    const tasks: Tasks = [
      (signal) => engine.capture(shop.source, signal),
      (signal) => engine.consume(upsertPipeline, signal),
    ];
    const items = async (): Promise<number> => (await pool.query('SELECT FROM items')).rowCount ?? 0;
    const owed = async (): Promise<number> =>
      (await pool.query('SELECT FROM freshet.owed_keys')).rowCount ?? 0;
    await during(tasks, async () => {
      await until('all others are there', async () => (await items()) === 19 && (await owed()) === 1, 60_000);

      const open = { pipeline: 'upsert', table: 'public.products', code: '23514', open: 1 };
      const list = await freshet.json('dlq list');
      expect(list).toMatchObject({ counts: [open], letters: [{ key: '{"sku":"sku7"}', state: 'open' }] });
      const id = (list as { letters: { id: string }[] }).letters[0]?.id ?? '';
      const [shown, unknown, preview, nobody, running, refused] = await Promise.all([
        freshet.run(`dlq show ${id}`),
        freshet.run('dlq show upsert/0/99999'),
        freshet.run('dlq drop'),
        freshet.run('pipelines pause nobody'),
        freshet.json('pipelines list'),
        freshet.run('offsets reset upsert --to earliest --yes'),
      ]);
      expect([shown.code, JSON.parse(shown.out)]).toMatchObject([0, { id, code: '23514' }]);
      expect([unknown.code, unknown.error]).toEqual([2, expect.stringContaining('no dead letter')]);
      expect([preview.code, preview.out]).toEqual([0, expect.stringContaining('nothing was changed')]);
      expect([nobody.code, nobody.error]).toEqual([2, expect.stringContaining('"nobody"')]);
      expect(running).toMatchObject([{ name: 'upsert', running: true, pausedSince: null }]);
      expect([refused.code, refused.error]).toEqual([2, expect.stringContaining('is running')]);
      expect(await owed()).toBe(1);

      expect(await freshet.json('dlq retry', 5)).toMatchObject({ retried: 1, settled: 0, open: 1 });
      await pool.query('ALTER TABLE items DROP CONSTRAINT good');
      expect(await freshet.json('dlq retry')).toMatchObject({ retried: 1, settled: 1, open: 0 });
      expect(await items()).toBe(20);
      expect(await freshet.json('dlq list')).toMatchObject({
        counts: [{ open: 0, settled: 2 }],
        letters: [],
      });

      expect(await freshet.run('pipelines pause upsert')).toMatchObject({ code: 0, out: 'upsert is paused' });
      await until('it has left its group', async () => {
        const [state] = (await freshet.json('pipelines list')) as {
          running: boolean;
          pausedSince: unknown;
        }[];
        return state?.running === false && state.pausedSince !== null;
      });
      const lanes = (await freshet.json('offsets show upsert')) as { next: number; behind: number }[];
      expect(lanes.map(({ behind }) => behind)).toEqual([0, 0, 0, 0]);
      const would = await freshet.run('offsets reset upsert --to earliest');
      expect([would.code, would.out]).toEqual([0, expect.stringContaining('nothing was changed')]);
      expect(await freshet.json('offsets reset upsert --to earliest --yes')).toMatchObject({
        done: true,
        partitions: lanes.map(({ next }) => ({ from: next, to: 0 })),
      });
      expect(await freshet.run('pipelines resume upsert')).toMatchObject({ code: 0, out: 'upsert goes on' });
    });
  },
);
