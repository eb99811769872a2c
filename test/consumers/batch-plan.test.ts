import { describe, expect, it } from 'vitest';
import { planBatch, storedIdentity } from '../../src/consumers/batch-plan.ts';
import type { Item, PoisonItem } from '../../src/consumers/record-reader.ts';

const record = { key: null, value: null, headers: {}, topic: 't', partition: 0, offset: '5', timestamp: '0' };
const NONE = new Set<string>();

function change(identity: string, kind: 'upsert' | 'patch' | 'delete', position = 'p'): Item {
  const base = {
    source: 's',
    key: { id: identity },
    row: null,
    isDecoded: false,
    tag: null,
    snapshot: false,
    xid: null,
    position,
    epoch: 1,
  };
  const change = kind === 'delete' ? { ...base, kind } : { ...base, kind, row: { x: 1 } };
  return { kind: 'change', record, position, identity, committedUs: 0n, change };
}

function poison(identity: string): PoisonItem {
  return {
    kind: 'poison',
    record,
    position: 'p',
    identity,
    code: 'RECORD_INVALID',
    error: new Error('bad'),
    keyText: null,
    row: null,
    isDecoded: false,
    tag: null,
  };
}

const truncate: Item = { kind: 'truncate', record, position: 'q', identity: '' };
const sweep: Item = { kind: 'sweep', record, position: 'q', identity: '', before: 7 };

describe('planning a batch', () => {
  it('owes the key of a record that failed, and leaves out its partial changes', () => {
    const plan = planBatch([poison('a'), change('a', 'patch'), change('b', 'patch')], NONE);
    expect(plan.owe).toMatchObject([{ identity: storedIdentity('a'), offset: 5n, code: 'RECORD_INVALID' }]);
    expect(plan.leftOut).toBe(1);
    expect(plan.steps).toMatchObject([{ kind: 'changes', changes: [{ key: { id: 'b' } }] }]);
  });

  it('has a key refreshed that failed and has changed since, and not one that failed just now', () => {
    const known = (identity: string): Item => ({ ...poison(identity), keyText: '{"id":1}' });
    const refreshable = (...items: readonly Item[]): unknown[] =>
      planBatch(items, NONE).owe.map((key) => key.refreshable);
    expect(refreshable(known('a'))).toEqual([false]);
    expect(refreshable(known('a'), change('a', 'patch'))).toEqual([true]);
    expect(refreshable(poison('a'), change('a', 'patch'))).toEqual([false]);
    expect(refreshable(known('a'), change('a', 'patch'), known('a'))).toEqual([false]);
  });

  it('tells which keys that were owed before have changed since, and are owed still', () => {
    const owed = new Set(['a', 'b', 'c', 'd']);
    const items = [
      change('a', 'patch'),
      change('b', 'patch'),
      change('b', 'upsert'),
      change('c', 'patch'),
      poison('c'),
    ];
    expect(planBatch(items, owed).changedSince).toEqual(['a']);
    expect(planBatch([change('a', 'patch'), truncate], owed).changedSince).toEqual([]);
  });

  it.each(['upsert', 'delete'] as const)(
    'lets a whole change (%s) settle what is owed, in the batch and from before',
    (kind) => {
      const plan = planBatch(
        [poison('a'), change('a', kind), change('b', 'patch'), change('b', kind)],
        new Set(['b']),
      );
      expect(plan.owe).toEqual([]);
      expect(plan.settle).toEqual(['b']);
      expect(plan.leftOut).toBe(1);
    },
  );

  it('applies partial changes again once the key is settled', () => {
    const plan = planBatch([change('a', 'upsert'), change('a', 'patch')], new Set(['a']));
    expect(plan).toMatchObject({ settle: ['a'], leftOut: 0, steps: [{ changes: [{ kind: 'upsert' }] }] });
  });

  it('drops what a truncate undoes, debts included, and keeps what follows', () => {
    const plan = planBatch(
      [change('a', 'upsert'), poison('b'), truncate, change('c', 'upsert')],
      new Set(['d']),
    );
    expect(plan.steps.map((step) => step.kind)).toEqual(['truncate', 'changes']);
    expect(plan).toMatchObject({ owe: [], settleBefore: 'q' });
  });

  it('keeps the order around a sweep', () => {
    const plan = planBatch([change('a', 'upsert'), sweep, change('a', 'delete')], NONE);
    expect(plan.steps.map((step) => step.kind)).toEqual(['changes', 'sweep', 'changes']);
    expect(plan.settleBefore).toBe('1-0000000007-0000000000000000-');
  });
});
