import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactChanges } from '../../src/consumers/compaction.ts';
import type { AnyChange } from '../../src/consumers/define-pipeline.ts';

type Stored = Map<string, { row: Record<string, unknown>; epoch: number }>;

const KEYS = ['a', 'b', 'c'];

/** Changes of one partition: positions, and so epochs, only grow. */
const history = fc
  .array(
    fc.record({
      key: fc.constantFrom(...KEYS),
      kind: fc.constantFrom('upsert', 'patch', 'delete'),
      x: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      y: fc.integer({ min: 0, max: 3 }),
      newEpoch: fc.boolean(),
      tag: fc.boolean(),
    }),
    { maxLength: 12 },
  )
  .map((steps) => {
    let epoch = 1;
    return steps.map(({ key, kind, x, y, newEpoch, tag }, i) => {
      if (newEpoch && i % 3 === 0) epoch += 1;
      const base = {
        source: 's',
        key: { key },
        snapshot: false,
        xid: null,
        position: String(i).padStart(3, '0'),
        epoch,
      };
      const tagged = { ...base, tag: tag ? { id: `r${i}`, group: null, options: {} } : null };
      if (kind === 'delete') return { ...tagged, kind: 'delete' as const };
      if (kind === 'upsert') return { ...tagged, kind: 'upsert' as const, row: { x: x ?? null, y } };
      return { ...tagged, kind: 'patch' as const, row: x === undefined ? { y } : { x, y } };
    });
  });

const before = fc
  .dictionary(fc.constantFrom(...KEYS), fc.record({ x: fc.integer(), y: fc.integer() }))
  .map((rows): Stored => new Map(Object.entries(rows).map(([key, row]) => [key, { row, epoch: 1 }])));

/** What a sink does with changes one by one. */
function apply(stored: Stored, changes: readonly AnyChange[]): Stored {
  const state: Stored = new Map(stored);
  for (const change of changes) {
    const key = String(change.key['key']);
    const old = state.get(key);
    if (change.kind === 'delete') state.delete(key);
    else if (change.kind === 'upsert') state.set(key, { row: change.row, epoch: change.epoch });
    else if (old !== undefined && old.epoch >= change.epoch)
      state.set(key, { row: { ...old.row, ...change.row }, epoch: change.epoch });
  }
  return state;
}

const keyed = (changes: readonly AnyChange[]) =>
  changes.map((change) => ({ identity: String(change.key['key']), change }));

describe('compacting a batch', () => {
  it('has the outcome of applying every change in order, whatever was stored', () => {
    fc.assert(
      fc.property(before, history, (stored, changes) => {
        expect(apply(stored, compactChanges(keyed(changes)))).toEqual(apply(stored, changes));
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves one change per key, in the order of their first one', () => {
    fc.assert(
      fc.property(history, (changes) => {
        const keys = compactChanges(keyed(changes)).map((change) => change.key['key']);
        expect(keys).toEqual([...new Set(changes.map((change) => change.key.key))]);
      }),
    );
  });

  it('keeps the tag of a refresh though a streamed change came on top', () => {
    const tag = { id: 'r1', group: 'g', options: {} };
    const base = { source: 's', key: { key: 'a' }, snapshot: false, xid: null, position: '', epoch: 1 };
    const [merged] = compactChanges(
      keyed([
        { ...base, kind: 'upsert', row: { x: 1, y: 1 }, tag },
        { ...base, kind: 'patch', row: { y: 2 }, tag: null },
      ]),
    );
    expect(merged).toMatchObject({ kind: 'upsert', row: { x: 1, y: 2 }, tag });
  });
});
