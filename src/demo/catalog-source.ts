import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { FreshetError } from '../runtime/errors.ts';
import type { DemoProduct } from './demo-product.ts';

/** Where a data folder keeps the catalogue. */
export const CATALOG_FILE = join('catalog', 'products.jsonl.gz');

/** A sku that came before: its row is left out. */
export interface DuplicateSku {
  readonly sku: string;
  /** Counted from 1. */
  readonly line: number;
  readonly firstLine: number;
}

const text = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform((value) => value ?? null);
const productLine = z.object({
  sku: z.union([z.string().min(1), z.number().transform(String)]),
  name: text,
  manufacturer: text,
  category_path: z
    .union([z.string(), z.array(z.string()).transform((levels) => JSON.stringify(levels))])
    .nullish(),
  /** The feed's own spelling of the path, where the file keeps it beside a split one. */
  category_raw: z.string().nullish(),
  description: text,
  image: text,
  image_url: text,
  price: text,
  currency: text,
  availability: text,
  updated_at: text,
});

/**
 * Streams the products of a data folder: gzip, one JSON object a line, blank lines skipped. Values stay
 * raw. Of a sku that comes twice the first row counts; the others are told to `onDuplicate`.
 * Throws SERVICE_START where the file cannot be read, RECORD_INVALID with the line on a bad one.
 */
export async function* readCatalog(
  dataFolder: string,
  onDuplicate: (duplicate: DuplicateSku) => void = () => {},
): AsyncGenerator<DemoProduct> {
  const path = join(dataFolder, CATALOG_FILE);
  const firstLines = new Map<string, number>();
  let line = 0;
  for await (const content of linesOf(path)) {
    line++;
    if (content.trim() === '') continue;
    const product = parseLine(content, path, line);
    const firstLine = firstLines.get(product.sku);
    if (firstLine !== undefined) {
      onDuplicate({ sku: product.sku, line, firstLine });
      continue;
    }
    firstLines.set(product.sku, line);
    yield product;
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const unzipped = createGunzip();
  file.on('error', (error) => unzipped.destroy(error));
  file.pipe(unzipped);
  const lines = createInterface({ input: Readable.from(unzipped), crlfDelay: Infinity });
  try {
    yield* lines;
  } catch (error) {
    throw new FreshetError('SERVICE_START', `the catalogue "${path}" cannot be read`, {
      cause: error,
      cure: `Name a folder that holds ${CATALOG_FILE}, or leave --data out to use generated rows.`,
    });
  } finally {
    lines.close();
    file.destroy();
    unzipped.destroy();
  }
}

function parseLine(content: string, path: string, line: number): DemoProduct {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw badLine(path, line, 'it is no JSON', error);
  }
  const parsed = productLine.safeParse(json);
  if (!parsed.success) throw badLine(path, line, z.prettifyError(parsed.error), parsed.error);
  const {
    sku,
    name,
    manufacturer,
    category_path,
    category_raw,
    description,
    image,
    image_url,
    price,
    currency,
    availability,
    updated_at,
  } = parsed.data;
  return {
    sku,
    name,
    manufacturer,
    category_path: category_raw ?? category_path ?? null,
    description,
    image_url: image_url ?? image,
    price,
    currency,
    availability,
    updated_at,
  };
}

function badLine(path: string, line: number, what: string, cause: unknown): FreshetError {
  return new FreshetError('RECORD_INVALID', `${path}, line ${line}: ${what}`, {
    cause,
    cure: 'Correct the line, or take it out.',
  });
}
