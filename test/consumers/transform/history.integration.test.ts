import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PartialRow, type Row, UNAVAILABLE } from '../../../src/change/change.ts';
import { brandRow, competitorRow } from './rows.ts';
import {
  clear,
  type Delivered,
  deleted,
  deliver,
  dump,
  named,
  openTarget,
  stored,
  truncated,
  unnamed,
} from './target.ts';

const pool = await openTarget();

const NAMES = ['Acme', ' Acme', 'Globex', 'Nobody'] as const;
const ID = fc.integer({ min: 1, max: 12 }).map(BigInt);

const rowValues = {
  collector_result_id: fc.integer({ min: 1, max: 3 }).map(BigInt),
  brand_id: fc.constantFrom(10n, 10n, 11n),
  processed_at: fc.constantFrom(
    '2026-03-01T00:00:00Z',
    '2026-03-01T00:00:00.5Z',
    '2026-03-02T00:00:00Z',
    null,
  ),
};

const brand = fc
  .record({
    ...rowValues,
    id: ID,
    metadata: fc.constantFrom(null, '{"a": 1.0}', '{"a": 1}', '{broken'),
    total_brand_mentions: fc.constantFrom(null, 0, 3),
    visibility_index: fc.constantFrom(null, '0.5', '0.50'),
    sentiment_label: fc.constantFrom(null, 'POSITIVE', 'MIXED'),
    sentiment_positive_sentences: fc.constantFrom(null, '["a"]', '[]'),
  })
  .map((values) => brandRow(values));

const competitor = fc
  .record({
    ...rowValues,
    id: ID,
    competitor_name: fc.constantFrom(...NAMES),
    competitor_mentions: fc.constantFrom(null, 0, 2),
    competitor_positions: fc.constantFrom(null, [], [0], [5, 1]),
    sentiment_score_competitor: fc.constantFrom(null, '0', '-0.25'),
    sentiment_label_competitor: fc.constantFrom(null, 'NEUTRAL', 'mixed'),
  })
  .map((values) => competitorRow(values));

type Step =
  | { readonly kind: 'store'; readonly row: Row }
  /** An update that leaves a large value untouched, which is then not carried. */
  | { readonly kind: 'touch'; readonly id: bigint; readonly mentions: number }
  | { readonly kind: 'delete'; readonly id: bigint }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'name'; readonly id: bigint; readonly brand: bigint; readonly name: string }
  | { readonly kind: 'unname'; readonly id: bigint };

const COMPETITOR_ID = fc.constantFrom(100n, 101n, 102n);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: brand.map((row) => ({ kind: 'store' as const, row })) },
  { weight: 10, arbitrary: competitor.map((row) => ({ kind: 'store' as const, row })) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('touch' as const), id: ID, mentions: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), id: ID }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'truncate' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('name' as const),
      id: COMPETITOR_ID,
      brand: fc.constantFrom(10n, 11n),
      name: fc.constantFrom(...NAMES.slice(0, 3)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unname' as const), id: COMPETITOR_ID }) },
);

/** The source: applies steps, and gives the changes that its topics would carry. */
class Source {
  readonly rows = new Map<bigint, Row>();
  readonly names = new Map<bigint, Delivered>();

  apply(step: Step): Delivered[] {
    switch (step.kind) {
      case 'store':
        this.rows.set(step.row['id'] as bigint, step.row);
        return [stored(step.row)];
      case 'touch':
        return this.#touch(step.id, step.mentions);
      case 'delete':
        return this.rows.delete(step.id) ? [deleted(step.id)] : [];
      case 'truncate':
        this.rows.clear();
        return [truncated(0), truncated(1)];
      case 'name':
        this.names.set(step.id, named(step.id, step.brand, step.name));
        return [named(step.id, step.brand, step.name)];
      case 'unname':
        return this.names.delete(step.id) ? [unnamed(step.id)] : [];
    }
  }

  #touch(id: bigint, mentions: number): Delivered[] {
    const before = this.rows.get(id);
    if (before === undefined) return [];
    const isBrand = before['competitor_name'] === null;
    const change = { [isBrand ? 'total_brand_mentions' : 'competitor_mentions']: mentions };
    this.rows.set(id, { ...before, ...change });
    const carried: PartialRow = { ...before, ...change };
    return [stored({ ...carried, [isBrand ? 'metadata' : 'competitor_positions']: UNAVAILABLE })];
  }
}

const history = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 60 }),
  batchSize: fc.integer({ min: 1, max: 20 }),
  /** After batch n, delivery goes back by so many batches, as it does after a lost connection. */
  rewinds: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }),
  order: fc.infiniteStream(fc.nat()),
});

function cut<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

describe('Any history of the source', () => {
  it('ends in the tables that its final rows give, whatever the batches, repetitions and order of delivery', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ steps, batchSize, rewinds, order }) => {
        await clear(pool);
        const source = new Source();
        const batches = cut(
          steps.flatMap((each) => source.apply(each)),
          batchSize,
        );
        const pending = [...rewinds];
        for (let next = 0; next < batches.length; next++) {
          await deliver(pool, batches[next] ?? []);
          const back = pending.shift() ?? 0;
          if (back > 0) next = Math.max(-1, next - back);
        }
        const kept = await dump(pool);
        await clear(pool);
        const final = [...source.names.values(), ...[...source.rows.values()].map((row) => stored(row))];
        const shuffled = final
          .map((each) => [order.next().value ?? 0, each] as const)
          .toSorted(([a], [b]) => a - b);
        await deliver(
          pool,
          shuffled.map(([, each]) => each),
        );
        expect(kept).toEqual(await dump(pool));
      }),
      { numRuns: 60 },
    );
  });
});
