import { describe, expect, it } from 'vitest';
import { RowArrayWriter } from '../../src/sinks/row-array-writer.ts';
import { RowHashes } from '../../src/sinks/row-hashes.ts';
import { targetTable } from '../../src/sinks/target-table.ts';

const TABLE = targetTable({
  name: 't',
  columns: [
    { name: 'note', type: 'text' },
    { name: 'id', type: 'text' },
    { name: 'more', type: 'text' },
    { name: 'part', type: 'text' },
  ],
  key: ['id', 'part'],
  stamped: false,
});

/** A row's hash. */
function hashOf(id: string, part: string, note: string | null): bigint {
  const rows = new RowArrayWriter().rows(0, TABLE, [
    { kind: 'upsert', row: { note, id, more: null, part }, epoch: 1 },
  ]);
  return BigInt(new RowHashes(4711n).ofAll(TABLE, rows, ''));
}

/** How a row's hash changes with its note. */
function change(id: string, part: string): bigint {
  return BigInt.asUintN(64, hashOf(id, part, 'new') - hashOf(id, part, null));
}

describe('the hash of a row', () => {
  it('changes otherwise with each key, so that changes of several rows do not outweigh each other', () => {
    const changes = [change('1', '1'), change('2', '1'), change('1', '2'), change('2', '2')];
    expect(new Set(changes).size).toBe(changes.length);
  });
});
