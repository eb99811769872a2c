import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  assertDistinctTopics,
  checkpointTopic,
  controlTopic,
  dlqTopic,
  fieldNames,
  recordNamespace,
  topicName,
} from '../../src/topics/names.ts';

describe('topic names', () => {
  it.each([
    ['fresh', 'shop', 'orders', 'fresh.shop.orders'],
    ['fresh', 'shop', 'order items', 'fresh.shop.order_items'],
    ['a.b', 'größe', 'x$', 'a.b.gr__e.x_'],
  ])('of %s, %s, %s are what Kafka allows', (prefix, schema, name, topic) => {
    expect(topicName(prefix, { schema, name })).toBe(topic);
  });

  it('above 249 characters are refused', () => {
    expect(() => topicName('p'.repeat(240), { schema: 'shop', name: 'orders' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('252 characters') }),
    );
  });

  it('of two tables must differ', () => {
    const tables = [
      { schema: 'shop', name: 'a b' },
      { schema: 'shop', name: 'c' },
      { schema: 'shop', name: 'a-b' },
    ];
    expect(() => assertDistinctTopics('fresh', tables)).not.toThrow();
    expect(() => assertDistinctTopics('fresh', [...tables, { schema: 'shop', name: 'a_b' }])).toThrow(
      '"shop.a b" and "shop.a_b" would share the topic "fresh.shop.a_b"',
    );
  });

  it("of dead letters can be no table's", () => {
    expect(() => assertDistinctTopics('fresh', [{ schema: 'upsert', name: 'dlq' }])).toThrow(
      'table "upsert.dlq" would have the topic "fresh.upsert.dlq", which is for dead letters',
    );
  });

  it("of Freshet's own topics are fixed by prefix and group", () => {
    expect([checkpointTopic('fresh'), controlTopic('fresh'), dlqTopic('fresh', 'score leads')]).toEqual([
      'fresh.__freshet_checkpoint',
      'fresh.__freshet_control',
      'fresh.score_leads.dlq',
    ]);
  });
});

describe('Avro names', () => {
  it.each([
    ['fresh', 'shop', 'orders', 'fresh.shop.orders'],
    ['fresh', '2024', 'a.b', 'fresh._2024.a_b'],
    ['my-app', 'größe', 'x', 'my_app.gr__e.x'],
  ])('of %s, %s, %s are valid', (prefix, schema, name, namespace) => {
    expect(recordNamespace(prefix, { schema, name })).toBe(namespace);
  });

  it('of columns leave valid ones alone, and number what collides', () => {
    expect(fieldNames(['id', 'a-b', 'a b', 'a_b', '1st', ''])).toEqual([
      'id',
      'a_b_2',
      'a_b_3',
      'a_b',
      '_1st',
      '_',
    ]);
  });

  it('of columns are valid, distinct, and the same each time', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', '_', '2', '-', ' ', 'é') })),
        (columns) => {
          const names = fieldNames(columns);
          for (const name of names) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
          expect(new Set(names).size).toBe(columns.length);
          expect(fieldNames(columns)).toEqual(names);
        },
      ),
    );
  });
});
