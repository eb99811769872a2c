import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { debtsOf, findFailures } from '../../src/cli/dead-letters.ts';
import { Engine } from '../../src/cli/engine.ts';
import type { Value } from '../../src/change/change.ts';
import {
  definePipeline,
  type Pipeline,
  type PipelineChange,
  sourceTable,
} from '../../src/consumers/define-pipeline.ts';
import { targetTable } from '../../src/sinks/target-table.ts';
import type { Write } from '../../src/sinks/write.ts';
import { until } from '../support/capture.ts';
import { during, type Tasks } from '../support/during.ts';
import { openShop, type Shop } from '../support/shop.ts';

const described = targetTable({
  name: 'described',
  columns: [
    { name: 'sku', type: 'text' },
    { name: 'name', type: 'text' },
    { name: 'description', type: 'text' },
  ],
  key: ['sku'],
});
const name = z.string().refine((text) => text !== 'refused', 'a refused name');
const sources = {
  products: sourceTable('public.products', z.object({ sku: z.string(), name, description: z.string() })),
};

type Change = PipelineChange<typeof sources>;

const lookup = {
  table: described,
  keyOf: (change: Change): { sku: Value } => ({ sku: change.key['sku'] ?? null }),
};

/** Writes partial rows as patches, or on top of the row that it looks up. */
function describing(withLookUp: boolean): Pipeline {
  const name = withLookUp ? 'looking-up' : 'patching';
  const base = { name, sources, targets: [described] };
  if (!withLookUp)
    return definePipeline({ ...base, transform: (changes) => changes.map((change) => written(change)) });
  return definePipeline({
    ...base,
    lookup,
    transform: (changes, context) =>
      changes.flatMap((change) => {
        const write = written(change);
        if (write.kind !== 'patch') return write;
        const stored = context.stored(change);
        return stored === null ? [] : { kind: 'upsert', table: described, row: { ...stored, ...write.row } };
      }),
  });
}

function written(change: Change): Write {
  const sku = String(change.key['sku']);
  if (change.kind === 'delete') return { kind: 'delete', table: described, key: { sku } };
  return { kind: change.kind, table: described, row: { ...change.row, sku } };
}

async function namesIn({ database }: Shop): Promise<Record<string, string>> {
  const { rows } = await database.pool.query<{ sku: string; name: string; whole: boolean }>(
    'SELECT d.sku, d.name, d.description = p.description AS whole FROM described d JOIN products p USING (sku)',
  );
  return Object.fromEntries(rows.map((row) => [row.sku, row.whole ? row.name : 'not whole']));
}

describe('rows that partial changes lack', () => {
  it.each([['patched', false] as const, ['looked up', true] as const])(
    'are asked for and come whole (%s), also of a key that failed and has changed since',
    async (_, withLookUp) => {
      await using shop = await openShop(3, { consumers: { refreshOwedAfterMs: 200 } });
      const { pool } = shop.database;
      await pool.query('ALTER TABLE products ALTER description SET STORAGE EXTERNAL');
      await pool.query(`UPDATE products SET description = repeat(sku, 2000)`);
      const pipeline = describing(withLookUp);
      const engine = new Engine(shop.config, () => {});
      await engine.migrate([pipeline]);
      const tasks: Tasks = [
        (signal) => engine.capture(shop.source, signal),
        (signal) => engine.consume(pipeline, signal),
      ];
      await during(tasks, async () => {
        await until('the rows are there', async () => Object.keys(await namesIn(shop)).length === 3);
        await pool.query(`UPDATE products SET name = 'refused' WHERE sku = 'sku2'`);
        const failures = (): ReturnType<typeof findFailures> => findFailures(engine, [pipeline], {});
        await until('it is dead-lettered', async () => (await failures()).length === 1);
        await pool.query(`DELETE FROM described WHERE sku = 'sku1'`);
        await pool.query(`UPDATE products SET name = 'changed' WHERE sku = 'sku1'`);
        await until('the row is back', async () => (await namesIn(shop))['sku1'] === 'changed');
        const { debts } = await debtsOf(engine, pipeline);
        expect(debts.map(({ keyText, code, failures: tries }) => [keyText, code, tries])).toEqual([
          ['{"sku":"sku2"}', 'RECORD_INVALID', 1],
        ]);
        const asked = await pool.query('SELECT asked, refresh_at FROM freshet.owed_keys');
        expect(asked.rows).toEqual([{ asked: 0, refresh_at: null }]);
        await pool.query(`UPDATE products SET name = 'mended' WHERE sku = 'sku2'`);
        await until('the other is right', async () => (await namesIn(shop))['sku2'] === 'mended');
        expect((await failures()).map(({ state }) => state)).toEqual(['settled']);
        expect((await debtsOf(engine, pipeline)).debts).toEqual([]);
      });
    },
  );
});
