import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { QueryResult } from 'pg';
import { type AnyChange, definePipeline, sourceTable } from '../../src/consumers/define-pipeline.ts';
import { EarlyLookUps, type FoundRow, lookUpAll, type LookUp } from '../../src/consumers/look-ups.ts';
import { StepRunner } from '../../src/consumers/step-runner.ts';
import { RowWriter } from '../../src/sinks/row-writer.ts';

interface Change {
  readonly sku: string;
}

const pinned: LookUp<Change> = {
  sql: 'pinned',
  row: z.object({ name: z.string() }),
  keysOf: ({ sku }) => [sku],
  isNeeded: ({ pin }) => pin?.get('pin') !== undefined,
};

/** What was asked, and what `pinned` found for a sku, where the pin is set or not. */
async function lookUp(isSet: boolean): Promise<{ asked: string[]; name: unknown }> {
  const asked: string[] = [];
  const pin: LookUp<Change> = { sql: 'pin', row: z.object({}), keysOf: () => ['pin'] };
  const found = await lookUpAll(new Map(Object.entries({ pin, pinned })), [{ sku: '1' }], async ({ sql }) => {
    asked.push(sql);
    if (sql === 'pinned') return [{ key: '1', name: 'kettle' }];
    return isSet ? [{ key: 'pin' }] : [];
  });
  return { asked, name: found['pinned']?.get('1')?.['name'] };
}

describe('a look-up that not every batch needs', () => {
  it('is asked where those before it found that it is needed', async () => {
    expect(await lookUp(true)).toEqual({ asked: ['pin', 'pinned'], name: 'kettle' });
  });

  it('finds nothing, unasked, where they did not', async () => {
    expect(await lookUp(false)).toEqual({ asked: ['pin'], name: undefined });
  });
});

const names: LookUp<Change> = {
  sql: 'names',
  statement: 'names_by_sku',
  row: z.object({ name: z.string() }),
  keysOf: ({ sku }) => [sku],
};
const never: LookUp<Change> = { sql: 'never', row: z.object({}), keysOf: () => [] };
const LOOK_UPS = new Map(Object.entries({ names, never, pinned }));

function answer(...rows: FoundRow[]): QueryResult<FoundRow> {
  return { rows, rowCount: rows.length, command: 'SELECT', oid: 0, fields: [] };
}

describe('look-ups that are asked early', () => {
  it('are those with keys that need no other one', () => {
    const { statements } = new EarlyLookUps(LOOK_UPS, [{ sku: '2' }, { sku: '1' }, { sku: '2' }]);
    expect(statements).toEqual([{ name: 'names_by_sku', text: 'names', values: ['{"1","2"}'] }]);
  });

  it('are not asked again', async () => {
    const changes = [{ sku: '1' }];
    const early = new EarlyLookUps(LOOK_UPS, changes).rows([answer({ key: '1', name: 'kettle' })]);
    const ask = (): never => expect.unreachable('nothing is left to ask');
    const found = await lookUpAll(LOOK_UPS, changes, ask, early);
    expect(found['names']?.get('1')).toEqual({ name: 'kettle' });
    expect([found['never']?.all('1'), found['pinned']?.all('1')]).toEqual([[], []]);
  });

  it.each([
    ['a pipeline that writes back, whose changes may not be visible yet', true, 0],
    ['any other', false, 1],
  ])('are, of %s, so many', (_whose, writesBack, count) => {
    const pipeline = definePipeline({
      name: 'shelves',
      sources: { items: sourceTable('public.items', z.object({ id: z.string() })) },
      targets: [],
      writesBack,
      lookUps: { shelf: { sql: 'shelves', row: z.object({}), keysOf: ({ key }) => [String(key['id'])] } },
      transform: () => [],
    });
    const steps = new StepRunner(pipeline, new RowWriter());
    const base = { source: 'items', tag: null, snapshot: false, position: '', epoch: 1, xid: 7 };
    const change: AnyChange = { ...base, kind: 'delete', key: { id: 'a' } };
    expect(steps.early({ kind: 'changes', changes: [change] }).statements).toHaveLength(count);
    expect(steps.early({ kind: 'truncate' }).statements).toEqual([]);
  });
});
