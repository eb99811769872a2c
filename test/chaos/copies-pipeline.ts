import { z } from 'zod';
import { definePipeline, sourceTable } from '../../src/consumers/define-pipeline.ts';
import { targetTable } from '../../src/sinks/target-table.ts';

export const POISON = 'poison';

const copies = targetTable({
  name: 'copies',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'version', type: 'int8' },
    { name: 'body', type: 'text' },
  ],
  key: ['id'],
});

const body = z.string().refine((text) => !text.startsWith(POISON), 'poison');

/** A copy of its source table, which refuses some bodies. */
export const copiesPipeline = definePipeline({
  name: 'copies',
  sources: {
    originals: sourceTable('public.originals', z.object({ id: z.int(), version: z.bigint(), body })),
  },
  targets: [copies],
  transform: (changes) =>
    changes.map((change) => {
      const id = Number(change.key['id']);
      if (change.kind === 'delete') return { kind: 'delete', table: copies, key: { id } };
      return { kind: change.kind, table: copies, row: { id, ...change.row } };
    }),
});
