import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { CATALOG_FILE, type DuplicateSku, readCatalog } from '../../src/demo/catalog-source.ts';

const folders: string[] = [];

async function folderWith(content: Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'freshet-catalog-'));
  folders.push(folder);
  await mkdir(join(folder, 'catalog'));
  await writeFile(join(folder, CATALOG_FILE), content);
  return folder;
}

const lines = (...rows: unknown[]) =>
  gzipSync(rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'));

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

describe('the catalogue of a data folder', () => {
  it('keeps raw values, as text', async () => {
    const row = {
      sku: 7,
      name: ' Zed ',
      manufacturer: 'Insignia\u0099',
      category_path: ['A', 'B'],
      image: 'x.jpg',
      price: 1.5,
    };
    const folder = await folderWith(
      lines(row, '', { sku: 'b', category_path: ['A'], category_raw: '["A >> B"]' }),
    );
    const products = await Array.fromAsync(readCatalog(folder));
    expect(products[0]).toEqual({
      sku: '7',
      name: ' Zed ',
      manufacturer: 'Insignia\u0099',
      category_path: '["A","B"]',
      description: null,
      image_url: 'x.jpg',
      price: '1.5',
      currency: null,
      availability: null,
      updated_at: null,
      metadata_version: null,
    });
    expect(products[1]?.category_path).toBe('["A >> B"]');
  });

  it('tells of a sku that comes twice, and yields it once', async () => {
    const folder = await folderWith(
      lines({ sku: 'a', name: 'first' }, { sku: 'b' }, { sku: 'a', name: 'second' }),
    );
    const duplicates: DuplicateSku[] = [];
    const products = await Array.fromAsync(readCatalog(folder, (duplicate) => duplicates.push(duplicate)));
    expect(products.map(({ name }) => name)).toEqual(['first', null]);
    expect(duplicates).toEqual([{ sku: 'a', line: 3, firstLine: 1 }]);
  });

  it.each([
    ['a line that is no JSON', '{"sku":', /line 2: it is no JSON/],
    ['a row without a sku', '{"name":"x"}', /line 2: .*sku/s],
    ['a value of the wrong type', '{"sku":"x","name":{}}', /line 2: .*name/s],
  ])('refuses %s, and names the line', async (_what, line, message) => {
    const folder = await folderWith(lines({ sku: 'a' }, line));
    await expect(Array.fromAsync(readCatalog(folder))).rejects.toThrow(message);
  });

  it.each([
    ['a file that was cut off', async () => folderWith(lines({ sku: 'a' }, { sku: 'b' }).subarray(0, 30))],
    ['a folder without the file', async () => join(tmpdir(), 'freshet-no-such-folder')],
  ])('refuses %s, and says what to name instead', async (_what, folder) => {
    await expect(Array.fromAsync(readCatalog(await folder()))).rejects.toMatchObject({
      code: 'SERVICE_START',
    });
  });
});
