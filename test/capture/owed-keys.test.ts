import { describe, expect, it } from 'vitest';
import { entryKey, OwedKeys } from '../../src/capture/owed-keys.ts';
import { applyEntries, type CheckpointImage } from '../../src/topics/checkpoint.ts';

const NOBODY: ReadonlySet<string> = new Set();
const TABLES: ReadonlySet<string> = new Set(['public.a', 'public.b']);

describe('owed keys', () => {
  it('are told to the checkpoint once, and taken back when they are settled', () => {
    const owed = new OwedKeys();
    owed.owe('public.a', '["1"]');
    owed.owe('public.a', '["1"]');
    expect(owed.drain()).toEqual([{ key: entryKey('public.a', '["1"]'), value: '{}' }]);
    expect(owed.drain()).toEqual([]);
    owed.settle('public.a', '["1"]');
    owed.settle('public.a', '["2"]');
    expect(owed.drain()).toEqual([{ key: entryKey('public.a', '["1"]'), value: null }]);
    expect(owed.size).toBe(0);
  });

  it('come back from the checkpoint, whatever their names and values', () => {
    const owed = new OwedKeys();
    const keys = [
      ['public.a', '["1"]'],
      ['public.a', '["x\\"y","ü/|"]'],
      ['sch ema.Tab"le', '["1"]'],
    ] as const;
    for (const [table, key] of keys) owed.owe(table, key);
    const image: CheckpointImage = new Map([['capture', '{}']]);
    applyEntries(image, owed.drain());
    const restored = OwedKeys.fromCheckpoint(image);
    expect(restored.size).toBe(3);
    expect(restored.take(10, NOBODY, new Set(['public.a']))).toEqual({
      table: 'public.a',
      keys: ['["1"]', '["x\\"y","ü/|"]'],
    });
    expect(restored.take(10, NOBODY, new Set(['sch ema.Tab"le']))).toEqual({
      table: 'sch ema.Tab"le',
      keys: ['["1"]'],
    });
  });

  it('are apart from those that became dead letters, also after a restart', () => {
    const owed = new OwedKeys();
    const image: CheckpointImage = new Map();
    owed.withhold('public.a', '["1"]');
    owed.withhold('public.a', '["2"]');
    owed.owe('public.a', '["2"]');
    owed.owe('public.a', '["3"]');
    applyEntries(image, owed.drain());
    const restored = OwedKeys.fromCheckpoint(image);
    expect(restored.take(5, NOBODY, TABLES)?.keys).toEqual(['["2"]', '["3"]']);
    const withheld = (keys: OwedKeys) =>
      ['["1"]', '["2"]', '["3"]'].map((key) => keys.isWithheld('public.a', key));
    expect(withheld(restored)).toEqual([true, true, false]);
    restored.settle('public.a', '["2"]');
    restored.release('public.a', '["1"]');
    restored.forget('public.b');
    applyEntries(image, restored.drain());
    const again = OwedKeys.fromCheckpoint(image);
    expect([again.size, ...withheld(again)]).toEqual([1, false, true, false]);
    again.forget('public.a');
    applyEntries(image, again.drain());
    expect(image.size).toBe(0);
  });

  it('are taken up to a limit, without those that somebody works on', () => {
    const owed = new OwedKeys();
    for (const key of ['["1"]', '["2"]', '["3"]']) owed.owe('public.a', key);
    expect(owed.take(2, NOBODY, TABLES)).toEqual({ table: 'public.a', keys: ['["1"]', '["2"]'] });
    expect(owed.take(2, new Set([entryKey('public.a', '["1"]')]), TABLES)?.keys).toEqual(['["2"]', '["3"]']);
  });

  it('of a busy table, or of one that is no longer captured, do not keep the others waiting', () => {
    const owed = new OwedKeys();
    owed.owe('public.removed', '["1"]');
    owed.owe('public.a', '["1"]');
    owed.owe('public.b', '["2"]');
    expect(owed.take(5, new Set([entryKey('public.a', '["1"]')]), TABLES)).toEqual({
      table: 'public.b',
      keys: ['["2"]'],
    });
    expect(owed.owes('public.removed')).toBe(true);
    expect(owed.owes('public.c')).toBe(false);
  });
});
