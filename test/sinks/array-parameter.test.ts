import { describe, expect, it } from 'vitest';
import { textArray, valueText } from '../../src/sinks/array-parameter.ts';

describe('parameters', () => {
  it.each([
    [true, 'true'],
    [12, '12'],
    [12n, '12'],
    ['1.50', '1.50'],
    [Buffer.from([1, 255]), '\\x01ff'],
    [null, null],
    [undefined, null],
    [['a', null, 'b"c\\d', ''], '{"a",NULL,"b\\"c\\\\d",""}'],
    [
      [
        [1, 2],
        [3, 4],
      ],
      '{{"1","2"},{"3","4"}}',
    ],
    [[], '{}'],
  ])('writes case %# as PostgreSQL reads it', (value, text) => {
    expect(valueText(value)).toBe(text);
  });

  it('quotes what an array would read as syntax, and the word NULL', () => {
    expect(textArray(['a,b', '{}', 'NULL', null, 'q"\\'])).toBe('{"a,b","{}","NULL",NULL,"q\\"\\\\"}');
  });
});
