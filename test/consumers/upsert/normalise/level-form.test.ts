import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameKey } from '../../../../src/consumers/upsert/normalise/category-words.ts';
import { NameForm } from '../../../../src/consumers/upsert/normalise/level-form.ts';

describe("a name's key", () => {
  const name = fc.oneof(
    fc.array(fc.constantFrom('A', 'a', 'Bc', '9', ' ', '-', "'", '&', 'é', 'ß'), { maxLength: 6 }),
    fc.array(fc.string({ unit: 'grapheme', maxLength: 2 }), { maxLength: 4 }),
  );

  it('stands to another key as the two texts do', () => {
    fc.assert(
      fc.property(name, name, (ownParts, otherParts) => {
        const own = new NameForm(ownParts.join(''));
        const key = nameKey(otherParts.join(''));
        expect(own.against(key)).toBe(expected(own.key, key));
      }),
      { numRuns: 3000 },
    );
  });
});

function expected(own: string, key: string): string {
  if (own === '' || key === '') return 'empty';
  if (own.startsWith(key)) return own.length === key.length ? 'equal' : 'continues';
  return key.startsWith(own) ? 'begins' : 'differs';
}
