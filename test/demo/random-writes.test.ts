import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomWrites, type RandomWrite } from '../../src/demo/random-writes.ts';

/** What a table with a unique sku would hold after the writes; a write that meets no row, or a taken key, is an error. */
function apply(skus: Iterable<string>, writes: Iterable<RandomWrite>): Set<string> {
  const table = new Set(skus);
  const must = (holds: boolean, write: RandomWrite) => {
    if (!holds) throw new Error(`refused: ${write.sql} ${JSON.stringify(write.params)}`);
  };
  for (const write of writes) {
    const [first, second] = write.params;
    if (write.sql.startsWith('INSERT'))
      must(!table.has(first ?? '') && Boolean(table.add(first ?? '')), write);
    else if (write.sql.startsWith('DELETE')) must(table.delete(first ?? ''), write);
    else if (write.kind === 'rename')
      must(!table.has(first ?? '') && table.delete(second ?? '') && Boolean(table.add(first ?? '')), write);
    else must(table.has(first ?? ''), write);
  }
  return table;
}

describe('random writes', () => {
  it('each meet exactly one row, and leave the skus of the model', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 20 }),
        (seed, skus) => {
          const writes = new RandomWrites({ seed, count: 300, skus });
          expect(apply(skus, writes)).toEqual(writes.skus);
        },
      ),
    );
  });

  it('are the same for the same seed', () => {
    const draw = (seed: number) => [...new RandomWrites({ seed, count: 100, skus: ['a', 'b'] })];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('hold every kind of write, with as many parameters as the statement names', () => {
    const writes = [
      ...new RandomWrites({ seed: 5, count: 1000, skus: ['a', 'b', 'c'], table: 'shop.products' }),
    ];
    expect(new Set(writes.map(({ kind }) => kind)).size).toBe(7);
    for (const { sql, params } of writes) {
      expect(new Set(sql.match(/\$\d/g)).size).toBe(params.length);
      expect(sql).toContain('shop.products');
    }
  });
});
