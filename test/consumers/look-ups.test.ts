import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { lookUpAll, type LookUp } from '../../src/consumers/look-ups.ts';

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
