import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/change/change.ts';
import { RowArrayWriter } from '../../src/sinks/row-array-writer.ts';
import { rowType, rowTypeStatement } from '../../src/sinks/statements.ts';
import { type TargetTable, targetTable } from '../../src/sinks/target-table.ts';
import { TextArrayWriter } from '../../src/sinks/text-array-writer.ts';
import { type TestDatabase, createDatabase } from '../support/database.ts';
import { asPostgresText } from '../support/postgres-text.ts';

const COLUMNS = [
  { name: 'a', type: 'text' },
  { name: 'b', type: 'text' },
] as const;
const STAMPED = targetTable({ name: 'stamped', columns: COLUMNS, key: ['a'] });
const PLAIN = targetTable({ name: 'plain', columns: COLUMNS, key: ['a'], stamped: false });

const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.constantFrom('NULL', '', '"\\"', 'ä'.repeat(39), 'ä'.repeat(41), 'x'.repeat(40), 'x'.repeat(41)),
    fc.nat(2_000).map((length) => 'long'.repeat(length)),
  )
  .map(asPostgresText);
const value: fc.Arbitrary<Value> = fc.oneof(
  text,
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  fc.array(fc.option(text), { maxLength: 4 }),
);
const writes = fc.array(
  fc.record({
    kind: fc.constant('upsert' as const),
    row: fc.record({ a: value, b: value }, { requiredKeys: ['a'] }),
    epoch: fc.nat(3),
  }),
  { maxLength: 30 },
);

async function oidOf(database: TestDatabase, table: TargetTable): Promise<number> {
  await database.pool.query(rowTypeStatement(table));
  const { rows } = await database.pool.query<{ oid: number }>('SELECT $1::regtype::oid AS oid', [
    rowType(table),
  ]);
  return rows[0]?.oid ?? 0;
}

describe('an array of rows in binary', () => {
  it.each([
    ['with', STAMPED, ', $4::text[]'],
    ['without', PLAIN, ''],
  ])('is to the server what the arrays of its columns are, %s stamps', async (_, table, epochs) => {
    await using database = await createDatabase();
    await database.pool.query('CREATE SCHEMA freshet');
    const oid = await oidOf(database, table);
    const [writer, columns] = [new RowArrayWriter(), new TextArrayWriter()];
    const law = fc.asyncProperty(writes, async (some) => {
      const rows = some.map(({ row }) => row);
      columns.column(rows, 'a').column(rows, 'b');
      if (table.stamped) columns.numbers(some.map(({ epoch }) => epoch));
      const { rows: answer } = await database.pool.query<{ rows: string; columns: string }>(
        `SELECT (SELECT coalesce(json_agg(r), '[]') FROM unnest($1::${rowType(table)}[]) AS r)::text AS rows,
           (SELECT coalesce(json_agg(r::${rowType(table)}), '[]') FROM (SELECT * FROM unnest($2::text[], $3::text[]${epochs})) AS r)::text AS columns`,
        [writer.rows(oid, table, some), ...columns.take()],
      );
      expect(answer[0]?.rows).toBe(answer[0]?.columns);
      expect(JSON.parse(answer[0]?.rows ?? '')).toHaveLength(some.length);
    });
    await fc.assert(law, { numRuns: 60 });
  });
});
