import { describe, expect, it } from 'vitest';
import { itemsTable, type Product } from '../../../src/consumers/upsert/items.ts';
import { createPostedPipeline } from '../../../src/consumers/upsert/posted-pipeline.ts';
import { testPipeline } from '../../../src/test-kit/test-pipeline.ts';
import type { TypedPipeline } from '../../../src/consumers/define-pipeline.ts';
import type { Write } from '../../../src/sinks/write.ts';

const PRODUCT: Product = {
  sku: 'a',
  name: 'Lamp',
  manufacturer: null,
  category_path: null,
  description: null,
  image_url: null,
  price: '1',
  currency: null,
  availability: null,
  updated_at: null,
};

const posted = (price: string, version?: string) => ({
  source: 'products' as const,
  kind: 'upsert' as const,
  key: { sku: 'a', ...(version === undefined ? {} : { version }) },
  row: { ...PRODUCT, price },
});

/** "table price", or "table version", of each write. */
function written(writes: readonly Write[]): string[] {
  return writes.map((write) => {
    if (write.kind === 'delete') return 'delete';
    const { table, row } = write;
    return table === itemsTable ? `items ${String(row['price'])}` : `versions ${String(row['version'])}`;
  });
}

/** Remembers what the pipeline writes. */
function watched(): { pipeline: TypedPipeline<never>; last: () => string[] } {
  const pipeline = createPostedPipeline(null);
  let writes: readonly Write[] = [];
  const transform: typeof pipeline.transform = (changes, context) =>
    (writes = pipeline.transform(changes, context));
  return { pipeline: { ...pipeline, transform } as never, last: () => written(writes) };
}

describe('what was posted', () => {
  it.each([
    ['the last of a batch counts', [posted('1'), posted('2')], ['items 2']],
    [
      'the highest version of a batch counts',
      [posted('2', 'v2'), posted('1', 'v1')],
      ['items 2', 'versions v2'],
    ],
    ['an older version than the stored one is left out', [posted('1', 'v0')], []],
    [
      'one without a version is taken, and the version stays',
      [posted('3', 'v3'), posted('4')],
      ['items 4', 'versions v3'],
    ],
  ])('%s', (_, changes, expected) => {
    const { pipeline, last } = watched();
    testPipeline(pipeline)
      .lookingUp('versions', [{ key: 'a', version: 'v1' }])
      .given(...(changes as never[]));
    expect(last()).toEqual(expected);
  });

  it('does not show while a snapshot is pinned that has the product, and keeps no version', () => {
    const { pipeline, last } = watched();
    testPipeline(pipeline)
      .lookingUp('pin', [{ key: 'pin', snapshot: '20260101' }])
      .lookingUp('pinned', [{ key: 'a', ...PRODUCT, price: '7' }])
      .given(posted('9', 'v9') as never);
    expect(last()).toEqual(['items 7']);
  });
});
