import {
  definePipeline,
  deleteRow,
  patchRow,
  type PipelineChange,
  sourceTable,
  targetTable,
  upsertRow,
  type Write,
} from 'freshet';
import { z } from 'zod';

/** What the labels read of a product; other columns are not even decoded. */
const product = z.object({
  sku: z.string(),
  name: z.string().nullable(),
  manufacturer: z.string().nullable(),
  /** numeric comes as its digits. */
  price: z.string().nullable(),
  currency: z.string().nullable(),
});

const currency = z.object({ symbol: z.string(), decimals: z.int() });

export const labels = targetTable({
  name: 'shelf_labels',
  columns: [
    { name: 'sku', type: 'text', notNull: true },
    { name: 'title', type: 'text' },
    { name: 'price', type: 'text' },
  ],
  key: ['sku'],
});

const sources = { products: sourceTable('public.products', product) };
type Product = z.output<typeof product>;
type Change = PipelineChange<typeof sources>;
interface Currencies {
  get(code: string | null | undefined): z.output<typeof currency> | undefined;
}

/** Keeps a shelf label for each product: its title, and its price as people write it. */
export default definePipeline({
  name: 'shelf-labels',
  sources,
  targets: [labels],
  migrations: [
    {
      id: 'currencies',
      sql: `CREATE TABLE IF NOT EXISTS shelf_currencies (code text PRIMARY KEY, symbol text NOT NULL, decimals int NOT NULL);
            INSERT INTO shelf_currencies VALUES ('EUR', '€', 2), ('USD', '$', 2), ('JPY', '¥', 0) ON CONFLICT DO NOTHING`,
    },
  ],
  lookUps: {
    currencies: {
      sql: 'SELECT code AS key, symbol, decimals FROM shelf_currencies WHERE code = ANY ($1)',
      row: currency,
      keysOf: (change: Change) => (change.kind === 'delete' ? [] : [change.row.currency]),
    },
  },
  transform: (changes, { lookUps }) => changes.map((change) => labelWrite(change, lookUps.currencies)),
});

function labelWrite(change: Change, currencies: Currencies): Write {
  const sku = String(change.key['sku']);
  switch (change.kind) {
    case 'upsert':
      return upsertRow(labels, { sku, title: titleOf(change.row), price: priceOf(change.row, currencies) });
    case 'patch': {
      const { name, manufacturer, price, currency } = change.row;
      const titled = name !== undefined && manufacturer !== undefined;
      const priced = price !== undefined && currency !== undefined;
      return patchRow(labels, {
        sku,
        ...(titled && { title: titleOf({ name, manufacturer }) }),
        ...(priced && { price: priceOf({ price, currency }, currencies) }),
      });
    }
    case 'delete':
      return deleteRow(labels, { sku });
  }
}

function titleOf({ name, manufacturer }: Pick<Product, 'name' | 'manufacturer'>): string | null {
  const words = [manufacturer, name].filter((word) => word !== null && word.trim() !== '');
  return words.length === 0 ? null : words.join(' – ');
}

/** "€ 12.50". A currency that nobody has listed is written by its code. */
function priceOf(
  { price, currency: code }: Pick<Product, 'price' | 'currency'>,
  currencies: Currencies,
): string | null {
  if (price === null) return null;
  const { symbol, decimals } = currencies.get(code) ?? { symbol: code ?? '', decimals: 2 };
  return `${symbol} ${Number(price).toFixed(decimals)}`.trim();
}
