import { testPipeline } from 'freshet/test-kit';
import { describe, it } from 'vitest';
import pipeline, { labels } from './pipeline.ts';

const LAMP = { sku: 'a', name: 'Lamp', manufacturer: 'Acme', price: '12.5', currency: 'EUR' };
const EURO = { key: 'EUR', symbol: '€', decimals: 2 };

/** Each test has a target of its own, which knows the euro. */
function shelf() {
  return testPipeline(pipeline).lookingUp('currencies', [EURO]);
}

describe('shelf labels', () => {
  it('say maker, name and price', () => {
    shelf()
      .given({ source: 'products', kind: 'upsert', key: { sku: 'a' }, row: LAMP })
      .expect([{ kind: 'upsert', table: labels, row: { sku: 'a', title: 'Acme – Lamp', price: '€ 12.50' } }]);
  });

  it('name a currency that is not listed by its code, and leave out what a product lacks', () => {
    shelf()
      .given(
        { source: 'products', kind: 'upsert', key: { sku: 'a' }, row: { ...LAMP, currency: 'CHF' } },
        {
          source: 'products',
          kind: 'upsert',
          key: { sku: 'b' },
          row: { ...LAMP, sku: 'b', name: null, price: null },
        },
      )
      .expectRows(
        labels,
        { sku: 'a', title: 'Acme – Lamp', price: 'CHF 12.50' },
        { sku: 'b', title: 'Acme', price: null },
      );
  });

  it('keep their title when only the price is known', () => {
    shelf()
      .stored(labels, { sku: 'a', title: 'Acme – Lamp', price: '€ 12.50' })
      .given({
        source: 'products',
        kind: 'patch',
        key: { sku: 'a' },
        row: { sku: 'a', price: '9', currency: 'EUR' },
      })
      .expect([{ kind: 'patch', table: labels, row: { sku: 'a', price: '€ 9.00' } }])
      .expectRows(labels, { sku: 'a', title: 'Acme – Lamp', price: '€ 9.00' });
  });

  it('go with their product, and with a truncate', () => {
    shelf()
      .given({ source: 'products', kind: 'upsert', key: { sku: 'a' }, row: LAMP })
      .given({ source: 'products', kind: 'delete', key: { sku: 'a' } })
      .expectRows(labels)
      .given({ source: 'products', kind: 'upsert', key: { sku: 'b' }, row: { ...LAMP, sku: 'b' } })
      .given({ source: 'products', kind: 'truncate' })
      .expectRows(labels);
  });
});
