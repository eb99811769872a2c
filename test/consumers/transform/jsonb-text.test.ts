import { describe, expect, it } from 'vitest';
import { readJsonb } from '../../../src/consumers/transform/jsonb-text.ts';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('A JSON text', () => {
  it.each([
    ['null', 'null'],
    ['a number beyond double', '{"n": 12345678901234567890.123456789}'],
    ['an escaped backslash before u0000', String.raw`"\\u0000"`],
    ['a whole surrogate pair', String.raw`"\ud83d\ude00"`],
    ['a large exponent', '1e131071'],
    ['digits within a string', `"${'9'.repeat(20_000)}e999999"`],
    ['brackets within a string', JSON.stringify('['.repeat(5_000))],
    ['many lists side by side', `[${Array.from({ length: 3_000 }, () => '[]').join(',')}]`],
    ['deep nesting', nested(900)],
  ])('is good for jsonb: %s', (_name, text) => {
    expect(readJsonb(text)).toMatchObject({ ok: true });
  });

  it.each([
    ['an empty text', ''],
    ['a cut text', '{"a": 1'],
    ['single quotes', "{'a': 1}"],
    ['a NUL', String.raw`{"a": "\u0000"}`],
    ['a NUL in a key', String.raw`{"\u0000": 1}`],
    ['half of a surrogate pair', String.raw`["\ud800"]`],
    ['an exponent beyond numeric', '{"a": 1e131072}'],
    ['a fraction beyond numeric', '1e-16384'],
    ['nesting without end', nested(20_000)],
  ])('is no good for jsonb: %s', (_name, text) => {
    expect(readJsonb(text)).toMatchObject({ ok: false });
  });
});
