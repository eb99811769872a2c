import { join } from 'node:path';
import { type FeedLine, readFeed } from '../consumers/upsert/catalog/feed-file.ts';
import type { Product } from '../consumers/upsert/items.ts';
import { FreshetError, isFreshetError } from '../runtime/errors.ts';

/** Where a data folder keeps the catalogue. */
export const CATALOG_FILE = join('catalog', 'products.jsonl.gz');

/** A sku that came before: its row is left out. */
export interface DuplicateSku {
  readonly sku: string;
  /** Counted from 1. */
  readonly line: number;
  readonly firstLine: number;
}

/**
 * Streams the products of a data folder, as a feed has them; values stay raw. Of a sku that comes twice the first
 * row counts; the others are told to `onDuplicate`. Throws SERVICE_START where the file cannot be read,
 * RECORD_INVALID with the line on a bad one.
 */
export async function* readCatalog(
  dataFolder: string,
  onDuplicate: (duplicate: DuplicateSku) => void = () => {},
): AsyncGenerator<Product> {
  const path = join(dataFolder, CATALOG_FILE);
  const firstLines = new Map<string, number>();
  for await (const row of linesOf(path)) {
    const { line } = row;
    if (!('product' in row))
      throw new FreshetError('RECORD_INVALID', `${path}, line ${line}: ${row.reason}`, {
        cure: 'Correct the line, or take it out.',
      });
    const { product } = row;
    const firstLine = firstLines.get(product.sku);
    if (firstLine !== undefined) {
      onDuplicate({ sku: product.sku, line, firstLine });
      continue;
    }
    firstLines.set(product.sku, line);
    yield product;
  }
}

async function* linesOf(path: string): AsyncGenerator<FeedLine> {
  try {
    yield* readFeed(path);
  } catch (error) {
    if (!isFreshetError(error, 'USAGE')) throw error;
    throw new FreshetError('SERVICE_START', `the catalogue "${path}" cannot be read`, {
      cause: error,
      cure: `Name a folder that holds ${CATALOG_FILE}, or leave --data out to use generated rows.`,
    });
  }
}
