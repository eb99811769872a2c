import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/change/change.ts';
import { targetTable } from '../../src/sinks/target-table.ts';
import { reduceWrites } from '../../src/sinks/write-set.ts';
import type { EpochWrites, Write } from '../../src/sinks/write.ts';

const table = targetTable({
  name: 't',
  columns: [
    { name: 'id', type: 'text' },
    { name: 'x', type: 'int' },
    { name: 'y', type: 'int' },
  ],
  key: ['id'],
});
type State = Map<string, { row: Row; epoch: number }>;

const writes = fc
  .array(
    fc.record({
      id: fc.constantFrom('a', 'b'),
      kind: fc.constantFrom('upsert', 'patch', 'delete'),
      x: fc.nat(3),
      step: fc.nat(1),
    }),
  )
  .map((steps) => {
    let epoch = 1;
    return steps.map(({ id, kind, x, step }, i): { readonly write: Write; readonly epoch: number } => {
      epoch += i % 4 === 0 ? step : 0;
      if (kind === 'delete') return { write: { kind: 'delete', table, key: { id } }, epoch };
      if (kind === 'upsert') return { write: { kind: 'upsert', table, row: { id, x, y: i } }, epoch };
      return { write: { kind: 'patch', table, row: { id, x } }, epoch };
    });
  });

/** As a batch has them: what comes together has one epoch. */
function grouped(all: readonly { readonly write: Write; readonly epoch: number }[]): EpochWrites[] {
  const groups: { writes: Write[]; epoch: number }[] = [];
  for (const { write, epoch } of all) {
    const last = groups.at(-1);
    if (last?.epoch === epoch) last.writes.push(write);
    else groups.push({ writes: [write], epoch });
  }
  return groups;
}

function one(state: State, kind: string, row: Row, epoch: number): void {
  const id = String(row['id']);
  const old = state.get(id);
  if (kind === 'delete') state.delete(id);
  else if (kind === 'upsert') state.set(id, { row, epoch });
  else if (old !== undefined && old.epoch >= epoch) state.set(id, { row: { ...old.row, ...row }, epoch });
}

describe('reducing writes', () => {
  it('has the outcome of applying them one by one, with one write per key', () => {
    fc.assert(
      fc.property(writes, fc.boolean(), (all, stored) => {
        const start = (): State => new Map(stored ? [['a', { row: { id: 'a', x: 9, y: 9 }, epoch: 1 }]] : []);
        const expected = start();
        for (const { write, epoch } of all)
          one(expected, write.kind, write.kind === 'delete' ? write.key : write.row, epoch);
        const actual = start();
        const [reduced] = reduceWrites(grouped(all));
        const kept = [...(reduced?.upserts ?? []), ...(reduced?.patches ?? []), ...(reduced?.deletes ?? [])];
        for (const { kind, row, epoch } of kept) one(actual, kind, row, epoch);
        expect(actual).toEqual(expected);
        expect(new Set(kept.map(({ row }) => row['id'])).size).toBe(kept.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('sorts rows by key, so that transactions lock in one order', () => {
    const writes = ['c', 'a', 'b'].map((id): Write => ({ kind: 'upsert', table, row: { id } }));
    expect(reduceWrites([{ writes, epoch: 1 }])[0]?.upserts.map(({ row }) => row['id'])).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('refuses a row without its key', () => {
    expect(() => reduceWrites([{ writes: [{ kind: 'upsert', table, row: { x: 1 } }], epoch: 1 }])).toThrow(
      /no value for its key "id"/,
    );
  });
});
