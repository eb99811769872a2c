import type { Row } from '../../change/change.ts';
import { deleteRow, upsertRow, type Write } from '../../sinks/write.ts';
import {
  type PipelineChange,
  type PipelineContext,
  type TypedPipeline,
  definePipeline,
  sourceTable,
} from '../define-pipeline.ts';
import { ITEMS_SQL, itemOf, itemsTable, patchedItem, productRow } from './items.ts';
import type { NormaliseContext } from './normalise/normalise-item.ts';
import type { Taxonomy } from './normalise/taxonomy.ts';
import { CurrentRules, RULES_SQL } from './rules.ts';

export const productSources = { products: sourceTable('public.products', productRow) };
type ProductChange = PipelineChange<typeof productSources>;

/** Keeps `items` as the catalogue's products are: brand and category normalised, each content with its version. */
export function createUpsertPipeline(taxonomy: Taxonomy | null): TypedPipeline<typeof productSources> {
  const rules = new CurrentRules(taxonomy);
  return definePipeline({
    name: 'upsert',
    sources: productSources,
    targets: [itemsTable],
    migrations: [
      { id: 'catalog-rules', sql: RULES_SQL },
      { id: 'item-review', sql: ITEMS_SQL },
    ],
    lookup: { table: itemsTable, keyOf: itemKey },
    lookUps: { rules: rules.lookUp },
    transform: (changes, context) => {
      const now = rules.take(context.lookUps.rules);
      return changes.flatMap((change) => itemWrite(change, context, now));
    },
  });
}

export const upsertPipeline = createUpsertPipeline(null);

function itemKey(change: ProductChange): Row {
  return { sku: change.key['sku'] ?? null };
}

function itemWrite(
  change: ProductChange,
  context: Pick<PipelineContext, 'stored'>,
  rules: NormaliseContext,
): Write | [] {
  const sku = String(change.key['sku']);
  switch (change.kind) {
    case 'upsert':
      return upsertRow(itemsTable, itemOf(change.row, rules));
    case 'patch': {
      const stored = context.stored(change);
      return stored === null ? [] : upsertRow(itemsTable, patchedItem(sku, change.row, stored, rules));
    }
    case 'delete':
      return deleteRow(itemsTable, { sku });
  }
}
