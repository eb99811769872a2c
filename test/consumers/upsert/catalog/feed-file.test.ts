import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type FeedLine, readFeed } from '../../../../src/consumers/upsert/catalog/feed-file.ts';
import { feedRow } from '../../../../src/consumers/upsert/catalog/feed-row.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

async function read(content: string | Buffer): Promise<FeedLine[]> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'feed');
  await writeFile(file, content);
  return await Array.fromAsync(readFeed(file));
}

const CSV = [
  '\ufeffSKU,Title,Brand,Category,Price,Other',
  'a,"Lamp, ""bright""",Acme,A > B,9.50,x',
  '',
  'b,"two\r\nlines",,,,',
  ',nameless,,,,',
].join('\r\n');

describe('a feed', () => {
  it('is JSON Lines or CSV, plain or gzip, by its content', async () => {
    const json = '\n{"sku":1,"name":"a\u2028b"}\n\n{"id":"2"}\n{"sku":\n[]\n';
    for (const content of [json, gzipSync(json)]) {
      const rows = await read(content);
      expect(rows).toMatchObject([
        { line: 2, product: { sku: '1', name: 'a\u2028b', price: null } },
        { line: 4, product: { sku: '2' } },
        { line: 5, reason: 'it is no JSON' },
        { line: 6, reason: expect.stringContaining('object') },
      ]);
    }
    for (const content of [CSV, gzipSync(CSV)]) {
      const rows = await read(content);
      expect(rows).toMatchObject([
        {
          product: {
            sku: 'a',
            name: 'Lamp, "bright"',
            manufacturer: 'Acme',
            category_path: 'A > B',
            price: '9.50',
          },
        },
        { line: 4, product: { sku: 'b', name: 'two\r\nlines', manufacturer: null } },
        { line: 6, reason: 'sku: it is missing' },
      ]);
    }
  });

  it('can be larger than what is read at once, and empty', async () => {
    const lines = Array.from({ length: 5_000 }, (_, i) =>
      JSON.stringify({ sku: `s${i}`, name: 'ä'.repeat(i % 90) }),
    );
    const rows = await read(lines.join('\n'));
    expect(rows).toHaveLength(5_000);
    expect(rows.at(-1)).toMatchObject({
      line: 5_000,
      product: { sku: 's4999', name: 'ä'.repeat(4_999 % 90) },
    });
    expect(await read('')).toEqual([]);
    expect(await read(gzipSync(''))).toEqual([]);
  });

  it('that cannot be read to its end is refused', async () => {
    const cut = gzipSync(Array.from({ length: 500 }, (_, i) => `{"sku":"${i}"}`).join('\n')).subarray(0, 900);
    await expect(read(cut)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(read('sku,name\na,"open')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(Array.fromAsync(readFeed('/no/such/file'))).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a line of a feed', () => {
  it.each([
    [{ sku: 'a', price: '9 EUR' }, 'price: "9 EUR" is no plain number'],
    [{ sku: 'a', price: '1,50' }, 'price'],
    [{ sku: 'a', updated_at: 'yesterday' }, 'updated_at'],
    [{ sku: 'a', updated_at: '2026-13-01' }, 'updated_at'],
    [{ sku: 'a', updated_at: '2026-02-30' }, 'updated_at'],
    [{ sku: 'a', updated_at: '0000-01-01' }, 'updated_at'],
    [{ sku: 'a', updated_at: '2026-01-01T10:00:00+20:00' }, 'updated_at'],
    [{ sku: 'a', price: '1'.repeat(200) }, 'price'],
    [{ sku: 'a', name: 'x\0y' }, 'name: it holds a NUL'],
    [{ sku: '' }, 'sku'],
    [{ sku: 'a', name: {} }, 'name'],
    [null, 'the line'],
  ])('is refused with its reason: %j', (fields, reason) => {
    expect(feedRow(fields)).toMatchObject({ reason: expect.stringContaining(reason) });
  });

  it.each([
    [{ updated_at: '2026-01-01 10:00:00' }, { updated_at: '2026-01-01 10:00:00Z' }],
    [{ updated_at: '2026-01-01T10:00:00+15:30' }, { updated_at: '2026-01-01T10:00:00+15:30' }],
    [{ updated_at: '2024-02-29' }, { updated_at: '2024-02-29' }],
    [{ price: '009.50' }, { price: '9.50' }],
    [{ price: '0.50' }, { price: '0.50' }],
  ])('is read as PostgreSQL will have it: %j', (fields, product) => {
    expect(feedRow({ sku: 'a', ...fields })).toMatchObject({ product });
  });

  it('may use the names of shops; the raw path wins over a split one', () => {
    const fields = {
      id: 7,
      title: 'T',
      brand: 'B',
      image: 'i',
      category_path: ['A', 'B'],
      category_raw: 'A >> B',
    };
    expect(
      feedRow({ ...fields, updated_at: '2026-11-21T10:00:00Z', price: 1.5, metadata_version: 'v7' }),
    ).toEqual({
      product: {
        sku: '7',
        name: 'T',
        manufacturer: 'B',
        category_path: 'A >> B',
        description: null,
        image_url: 'i',
        price: '1.5',
        currency: null,
        availability: null,
        updated_at: '2026-11-21T10:00:00Z',
        metadata_version: 'v7',
      },
    });
  });
});
