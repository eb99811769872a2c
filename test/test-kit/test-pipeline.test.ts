import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePipeline, sourceTable } from '../../src/consumers/define-pipeline.ts';
import { targetTable } from '../../src/sinks/target-table.ts';
import { deleteRow, patchRow, upsertRow } from '../../src/sinks/write.ts';
import { testPipeline } from '../../src/test-kit/test-pipeline.ts';

const notes = targetTable({
  name: 'notes',
  columns: [
    { name: 'id', type: 'int8', notNull: true },
    { name: 'text', type: 'text' },
    { name: 'author', type: 'text' },
  ],
  key: ['id'],
});
const note = z.object({
  id: z.bigint(),
  text: z.string().nullable(),
  author: z.string().default('nobody'),
});

const pipeline = definePipeline({
  name: 'notes',
  sources: { notes: sourceTable('public.notes', note) },
  targets: [notes],
  lookUps: {
    authors: {
      sql: 'SELECT …',
      row: z.object({ name: z.string() }),
      keysOf: (change) => ('row' in change ? [change.row.author] : []),
    },
  },
  transform: (changes, { lookUps }) =>
    changes.map((change) => {
      const id = BigInt(String(change.key['id']));
      if (change.kind === 'delete') return deleteRow(notes, { id });
      const { text, author } = change.row;
      if (text === 'boom') throw new Error('a text that nobody can store');
      const name = lookUps.authors.get(author)?.name ?? author;
      if (change.kind === 'upsert') return upsertRow(notes, { id, text: text ?? null, author: name ?? null });
      return patchRow(notes, {
        id,
        ...(text !== undefined && { text }),
        ...(name !== undefined && { author: name }),
      });
    }),
});

const upsert = (id: bigint, text: string | null, author?: string) =>
  ({
    source: 'notes',
    kind: 'upsert',
    key: { id },
    row: { id, text, ...(author !== undefined && { author }) },
  }) as const;

describe('a pipeline under test', () => {
  it('writes what it would in the target: compacted, looked up, defaults filled in', () => {
    testPipeline(pipeline)
      .lookingUp('authors', [
        { key: 'ann', name: 'Ann Lee' },
        { key: 'not asked for', name: 'x' },
      ])
      .given(upsert(1n, 'first', 'ann'), upsert(1n, 'second', 'ann'), upsert(2n, null))
      .expect([
        upsertRow(notes, { id: 1n, text: 'second', author: 'Ann Lee' }),
        upsertRow(notes, { id: 2n, text: null, author: 'nobody' }),
      ]);
  });

  it('never sees a default in place of a value that is not known', () => {
    testPipeline(pipeline)
      .stored(notes, { id: 1n, text: 'old', author: 'ann' })
      .given({ source: 'notes', kind: 'patch', key: { id: 1n }, row: { id: 1n, text: 'new' } })
      .expect([patchRow(notes, { id: 1n, text: 'new' })])
      .expectRows(notes, { id: 1n, text: 'new', author: 'ann' });
  });

  it('makes a dead letter of what it cannot take, alone, and owes its key until it comes whole', () => {
    const bad = {
      source: 'notes',
      kind: 'upsert',
      key: { id: 3n },
      row: { id: 3n, text: 7 as never },
    } as const;
    testPipeline(pipeline)
      .given(upsert(1n, 'fine'), upsert(2n, 'boom'), bad)
      .expectRows(notes, { id: 1n, text: 'fine', author: 'nobody' })
      .expectDeadLetters(
        { key: '{"id":"2"}', message: 'a text that nobody can store' },
        { key: '{"id":"3"}', message: 'public.notes.text' },
      )
      .stored(notes, { id: 2n, text: 'before', author: 'ann' })
      .given({ source: 'notes', kind: 'patch', key: { id: 2n }, row: { id: 2n, text: 'left out' } })
      .expect([])
      .given(upsert(2n, 'whole'))
      .expectRows(
        notes,
        { id: 1n, text: 'fine', author: 'nobody' },
        { id: 2n, text: 'whole', author: 'nobody' },
      );
  });

  it('is cleared by a truncate, and by a sweep of what was not seen again', () => {
    testPipeline(pipeline)
      .given(upsert(1n, 'a'), { source: 'notes', kind: 'truncate' }, upsert(2n, 'b'), upsert(3n, 'c'))
      .given({ ...upsert(3n, 'c'), epoch: 5 }, { source: 'notes', kind: 'sweep', before: 5 })
      .expectRows(notes, { id: 3n, text: 'c', author: 'nobody' });
  });
});

describe('what the kit says', () => {
  it('names each difference by table, key and column', () => {
    const test = testPipeline(pipeline).given(upsert(1n, 'is'), upsert(2n, 'too much'));
    expect(() =>
      test.expect([
        upsertRow(notes, { id: 1n, text: 'should be', author: 'nobody' }),
        deleteRow(notes, { id: 3n }),
      ]),
    ).toThrow(
      [
        'pipeline "notes" did not write what was expected:',
        '  different   upsert public.notes 1: text is "is", expected "should be"',
        '  missing     delete public.notes {"id":"3"}',
        '  unexpected  upsert public.notes {"id":"2","text":"too much","author":"nobody"}',
      ].join('\n'),
    );
  });

  it('tells a patch that leaves a column out from one that empties it, and kinds apart', () => {
    const test = testPipeline(pipeline)
      .stored(notes, { id: 1n, text: 'old', author: 'ann' })
      .given({ source: 'notes', kind: 'patch', key: { id: 1n }, row: { id: 1n, text: null } });
    expect(() => test.expect([patchRow(notes, { id: 1n })])).toThrow('text is null, expected not there');
    expect(() => test.expect([deleteRow(notes, { id: 1n })])).toThrow(
      /different {3}patch .* expected delete/,
    );
  });

  it('lists the dead letters that came', () => {
    const test = testPipeline(pipeline).given(upsert(2n, 'boom'));
    expect(() => test.expectDeadLetters()).toThrow(
      '{"id":"2"}: pipeline "notes": a text that nobody can store',
    );
    expect(() => test.given(upsert(1n, 'fine')).expectDeadLetters({ key: '{"id":"1"}' })).toThrow(
      'but:\n  none',
    );
  });

  it('refuses look-ups that the pipeline lacks, and pipelines with SQL of their own', () => {
    expect(() => testPipeline(pipeline).lookingUp('readers', [])).toThrow('has no look-up "readers"');
    const own = { ...pipeline, name: 'own', apply: async () => ({ counts: [] }) };
    expect(() => testPipeline(own)).toThrow('pipeline "own" has units or SQL of its own');
  });
});
