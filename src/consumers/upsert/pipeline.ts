import type { Row } from '../../change/change.ts';
import type { Write } from '../../sinks/write.ts';
import {
  type PipelineChange,
  type PipelineContext,
  definePipeline,
  sourceTable,
} from '../define-pipeline.ts';
import { itemOf, itemsTable, patchedItem, productRow } from './items.ts';

const sources = { products: sourceTable('public.products', productRow) };
type ProductChange = PipelineChange<typeof sources>;

/** Keeps `items` as the catalogue's products are: brand and category normalised, each content with its version. */
export const upsertPipeline = definePipeline({
  name: 'upsert',
  sources,
  targets: [itemsTable],
  lookup: { table: itemsTable, keyOf: itemKey },
  transform: (changes, context) => changes.flatMap((change) => itemWrite(change, context)),
});

function itemKey(change: ProductChange): Row {
  return { sku: change.key['sku'] ?? null };
}

function itemWrite(change: ProductChange, context: PipelineContext): Write | [] {
  switch (change.kind) {
    case 'upsert':
      return { kind: 'upsert', table: itemsTable, row: itemOf(change.row) };
    case 'patch': {
      const stored = context.stored(change);
      if (stored === null) return [];
      return {
        kind: 'upsert',
        table: itemsTable,
        row: patchedItem(String(change.key['sku']), change.row, stored),
      };
    }
    case 'delete':
      return { kind: 'delete', table: itemsTable, key: itemKey(change) };
  }
}
