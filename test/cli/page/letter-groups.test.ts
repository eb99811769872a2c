import { describe, expect, it } from 'vitest';
import { withoutValues } from '../../../src/cli/page/letter-groups.ts';

describe('a cause without values', () => {
  it.each([
    [
      'invalid input syntax for type integer: "ada@example.org"',
      'invalid input syntax for type integer: "•••"',
    ],
    ['Key (email)=(ada@example.org) already exists.', 'Key (email)=(•••) already exists.'],
    [
      'duplicate key value violates unique constraint "items_sku_key"',
      'duplicate key value violates unique constraint "items_sku_key"',
    ],
    ['public.leads.age: expected a number', 'public.leads.age: expected a number'],
  ])('of %s is %s', (cause, shown) => {
    expect(withoutValues(cause)).toBe(shown);
  });
});
