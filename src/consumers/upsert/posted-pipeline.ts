import { z } from 'zod';
import { RECEIVED_REQUESTS_SQL } from '../../sinks/received-requests.ts';
import { targetTable } from '../../sinks/target-table.ts';
import { deleteRow, upsertRow, type Write } from '../../sinks/write.ts';
import { POSTED_PRODUCTS } from '../../topics/posted-items.ts';
import { definePipeline, type PipelineChange, sourceTable, type TypedPipeline } from '../define-pipeline.ts';
import { isPinned, PIN_SQL, pinLookUps } from './catalog/pin.ts';
import { ITEMS_SQL, itemOf, itemsTable, productRow } from './items.ts';
import type { NormaliseContext } from './normalise/normalise-item.ts';
import type { Taxonomy } from './normalise/taxonomy.ts';
import { CurrentRules, RULES_SQL } from './rules.ts';

const sources = { products: sourceTable(`${POSTED_PRODUCTS.schema}.${POSTED_PRODUCTS.name}`, productRow) };
type PostedChange = PipelineChange<typeof sources>;

/** The highest version of each key that was posted with one; deleted items keep theirs. */
const versionsTable = targetTable({
  schema: 'freshet',
  name: 'item_versions',
  columns: [
    { name: 'sku', type: 'text', notNull: true },
    { name: 'version', type: 'text', notNull: true },
  ],
  key: ['sku'],
  stamped: false,
});

/** Brings what the items API accepted into `items`, by the rules of the upsert pipeline. */
export function createPostedPipeline(taxonomy: Taxonomy | null): TypedPipeline<typeof sources> {
  const rules = new CurrentRules(taxonomy);
  return definePipeline({
    name: 'items-api',
    posted: true,
    sources,
    targets: [itemsTable, versionsTable],
    migrations: [
      { id: 'catalog-rules', sql: RULES_SQL },
      { id: 'item-review', sql: ITEMS_SQL },
      { id: 'catalog-pin', sql: PIN_SQL },
      { id: 'received-requests', sql: RECEIVED_REQUESTS_SQL },
    ],
    lookUps: {
      ...pinLookUps,
      rules: rules.lookUp,
      versions: {
        sql: 'SELECT sku AS key, version FROM freshet.item_versions WHERE sku = ANY ($1)',
        row: z.object({ version: z.string() }),
        keysOf: (change) => (versionOf(change) === null ? [] : [skuOf(change)]),
      },
    },
    transform: (changes, { lookUps }) => {
      const now = rules.take(lookUps.rules);
      const newest = newestChanges(changes, (sku) => lookUps.versions.get(sku)?.version ?? null);
      const isHeld = isPinned(lookUps.pin);
      return [...newest].flatMap(([sku, { change, version }]): Write[] => {
        const pinned = isHeld ? lookUps.pinned.get(sku) : undefined;
        // Its version is not kept either: once nothing is pinned, the same item can be posted again.
        if (pinned !== undefined) return [upsertRow(itemsTable, itemOf(pinned, now))];
        return [
          ...(change === null ? [] : [itemWrite(sku, change, now)]),
          ...(version === null ? [] : [upsertRow(versionsTable, { sku, version })]),
        ];
      });
    },
  });
}

function itemWrite(sku: string, change: PostedChange, rules: NormaliseContext): Write {
  return change.kind === 'upsert'
    ? upsertRow(itemsTable, itemOf(change.row, rules))
    : deleteRow(itemsTable, { sku });
}

interface Newest {
  readonly change: PostedChange | null;
  /** The highest one known by now; null where the key was never posted with one. */
  readonly version: string | null;
}

/**
 * The last change of each product, in the order of the topic; one with a version counts only above the highest so far.
 * Versions of a product are records with keys of their own: several can be in one batch.
 */
function newestChanges(
  changes: readonly PostedChange[],
  stored: (sku: string) => string | null,
): Map<string, Newest> {
  const newest = new Map<string, Newest>();
  for (const change of changes) {
    const sku = skuOf(change);
    const before = newest.get(sku) ?? { change: null, version: stored(sku) };
    const version = versionOf(change);
    if (version === null) newest.set(sku, { ...before, change });
    else if (before.version === null || isAbove(version, before.version))
      newest.set(sku, { change, version });
  }
  return newest;
}

/** By bytes: code units would order characters beyond the basic plane otherwise. */
function isAbove(version: string, other: string): boolean {
  return Buffer.compare(Buffer.from(version), Buffer.from(other)) > 0;
}

function skuOf(change: PostedChange): string {
  return String(change.key['sku']);
}

function versionOf(change: PostedChange): string | null {
  const { version } = change.key;
  return typeof version === 'string' ? version : null;
}
