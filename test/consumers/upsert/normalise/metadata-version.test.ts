import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metadataVersion, versionOf } from '../../../../src/consumers/upsert/normalise/metadata-version.ts';

const content = fc.dictionary(
  fc.string({ maxLength: 5 }),
  fc.option(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string()))),
);

/** The text that a version is said to be the hash of. */
function contentText(fields: Readonly<Record<string, unknown>>): string {
  const present = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  const sorted = present.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([key, value]) => `${key.length}:${key}${valueText(value)}`).join('');
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return `"${value.length}:${value}`;
  if (Array.isArray(value)) return `[${value.length}:${value.map(valueText).join('')}`;
  if (typeof value === 'object' && value !== null)
    return `{${contentText(value as Record<string, unknown>)}}`;
  return `=${String(value)};`;
}

describe('a metadata version', () => {
  it('is half the SHA-256 of the content as a text, whatever its letters and lengths', () => {
    const long = fc.nat(300).map((length) => 'wörter'.repeat(length));
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      long,
      fc.constantFrom('\ud800', 'x'.repeat(70_000)),
    );
    const nested = fc.dictionary(
      texts,
      fc.option(fc.oneof(texts, fc.double(), fc.boolean(), fc.array(fc.option(texts)))),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(texts, nested, fc.constant(null))), (fields) => {
        const digest = createHash('sha256').update(contentText(fields)).digest('hex');
        expect(metadataVersion(fields)).toBe(digest.slice(0, 32));
      }),
    );
  });

  it('does not depend on the order of keys, nor on keys that are null', () => {
    fc.assert(
      fc.property(content, fc.string({ minLength: 6 }), (fields, extra) => {
        const turned = Object.fromEntries([...Object.entries(fields).toReversed(), [extra, null]]);
        expect(metadataVersion(turned)).toBe(metadataVersion(fields));
      }),
    );
  });

  it('is the same where the keys are named in order', () => {
    const texts = fc.dictionary(
      fc.stringMatching(/^[a-z_]{1,8}$/),
      fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.string())), { nil: undefined }),
    );
    fc.assert(
      fc.property(texts, (fields) => {
        expect(versionOf(Object.keys(fields).toSorted())(fields)).toBe(metadataVersion(fields));
      }),
    );
  });

  it.each([
    [{ a: '1' }, { a: 1 }],
    [
      { a: 'x', b: null },
      { a: null, b: 'x' },
    ],
    [{ a: ['x', 'y'] }, { a: ['xy'] }],
    [{ a: 'x1:b"1:y' }, { a: 'x', b: 'y' }],
    [{ a: ['x'] }, { a: 'x' }],
    [{ a: { b: 'x' } }, { a: {}, b: 'x' }],
    [{ a: true }, { a: 'true' }],
    [{ a: '' }, { a: null }],
    [{ a: ['x', null] }, { a: ['x'] }],
  ])('differs between %j and %j', (a, b) => {
    expect(metadataVersion(a)).not.toBe(metadataVersion(b));
  });

  it('stays what it was in the last release', () => {
    expect(metadataVersion({ sku: '1', brand: 'Acme', price: null })).toBe(
      metadataVersion({ brand: 'Acme', sku: '1' }),
    );
    expect(metadataVersion({ sku: '1', brand: 'Acme' })).toBe('f5fb79253dd641e5b6f157e7a4070392');
  });
});
