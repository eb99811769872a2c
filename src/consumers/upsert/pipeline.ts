import type { ClientBase } from 'pg';
import type { z } from 'zod';
import type { Row } from '../../change/change.ts';
import { formatTable, type TableId } from '../../change/table.ts';
import { runTogether } from '../../runtime/shutdown.ts';
import { deleteRow, upsertRow, type Write } from '../../sinks/write.ts';
import {
  type Companion,
  type PipelineChange,
  type PipelineContext,
  type SourceTable,
  type TypedPipeline,
  definePipeline,
  sourceTable,
} from '../define-pipeline.ts';
import { isPinned, PIN_SQL, pinLookUps, readPin } from './catalog/pin.ts';
import { FEED_TABLE, FEED_VERSION_SQL, SNAPSHOT_SQL } from './catalog/snapshot-tables.ts';
import { ITEMS_SQL, itemOf, itemsTable, patchedItem, productRow } from './items.ts';
import { IN_TABLE, judgeAgain, type JudgeAgainOptions, JUDGED_SQL } from './judge-again.ts';
import { missingMetadata } from './missing-metadata.ts';
import type { NormaliseContext } from './normalise/normalise-item.ts';
import type { Taxonomy } from './normalise/taxonomy.ts';
import { CurrentRules, RULES_SQL } from './rules.ts';

export const PRODUCTS_TABLE: TableId = { schema: 'public', name: 'products' };

type ProductSources = { readonly products: SourceTable<typeof productRow> };
export const productSources: ProductSources = {
  products: sourceTable(formatTable(PRODUCTS_TABLE), productRow),
};
type ProductChange = PipelineChange<ProductSources>;

/** Keeps `items` as the catalogue's products are: brand and category normalised, each content with its version. */
export function createUpsertPipeline(
  taxonomy: Taxonomy | null,
  again: JudgeAgainOptions | null = null,
): TypedPipeline<ProductSources> {
  const tasks = again === null ? [missingMetadata] : [missingMetadata, judgeAgain(taxonomy, again, IN_TABLE)];
  return productPipeline('upsert', PRODUCTS_TABLE, taxonomy, (context, signal) =>
    runTogether(
      signal,
      tasks.map((task) => (stop: AbortSignal) => task(context, stop)),
    ),
  );
}

/** The same for the rows of a feed. It runs while one is brought into the items. */
export function createFeedPipeline(taxonomy: Taxonomy | null): TypedPipeline<ProductSources> {
  return productPipeline('upsert-feed', FEED_TABLE, taxonomy);
}

export const upsertPipeline = createUpsertPipeline(null);

function productPipeline(
  name: string,
  table: TableId,
  taxonomy: Taxonomy | null,
  companion?: Companion,
): TypedPipeline<ProductSources> {
  const rules = new CurrentRules(taxonomy);
  return definePipeline({
    name,
    sources: { products: sourceTable(formatTable(table), productRow) },
    targets: [itemsTable],
    migrations: [
      { id: 'catalog-rules', sql: RULES_SQL },
      { id: 'item-review', sql: ITEMS_SQL },
      { id: 'catalog-snapshots', sql: SNAPSHOT_SQL },
      { id: 'feed-version', sql: FEED_VERSION_SQL },
      { id: 'catalog-pin', sql: PIN_SQL },
      { id: 'catalog-judged', sql: JUDGED_SQL },
    ],
    ...(companion === undefined ? {} : { companion }),
    lookup: { table: itemsTable, keyOf: itemKey },
    lookUps: { ...pinLookUps, rules: rules.lookUp },
    transform: (changes, context) => {
      const now = rules.take(context.lookUps.rules);
      const { pinned } = context.lookUps;
      if (isPinned(context.lookUps.pin)) return changes.map((change) => pinnedWrite(change, pinned, now));
      const writes: Write[] = [];
      for (const change of changes) {
        const write = itemWrite(change, context, now);
        if (write !== null) writes.push(write);
      }
      return writes;
    },
    holdsRows: async (client: ClientBase) => (await readPin(client)) !== null,
  });
}

function itemKey(change: ProductChange): Row {
  return { sku: change.key['sku'] ?? null };
}

function itemWrite(
  change: ProductChange,
  context: Pick<PipelineContext, 'stored'>,
  rules: NormaliseContext,
): Write | null {
  const sku = String(change.key['sku']);
  switch (change.kind) {
    case 'upsert':
      return upsertRow(itemsTable, itemOf(change.row, rules));
    case 'patch': {
      const stored = context.stored(change);
      return stored === null ? null : upsertRow(itemsTable, patchedItem(sku, change.row, stored, rules));
    }
    case 'delete':
      return deleteRow(itemsTable, { sku });
  }
}

/** Whatever became of the product, its item is what the pinned snapshot says. */
function pinnedWrite(
  change: ProductChange,
  pinned: { get(sku: string): z.output<typeof productRow> | undefined },
  rules: NormaliseContext,
): Write {
  const sku = String(change.key['sku']);
  const product = pinned.get(sku);
  return product === undefined
    ? deleteRow(itemsTable, { sku })
    : upsertRow(itemsTable, itemOf(product, rules));
}
