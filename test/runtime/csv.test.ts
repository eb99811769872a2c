import { describe, expect, it } from 'vitest';
import { parseCsv } from '../../src/runtime/csv.ts';

describe('parseCsv', () => {
  it.each([
    [
      'a,b\nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\r\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['"a,b","c ""d"""\n', [['a,b', 'c "d"']]],
    ['"a\nb",c\n', [['a\nb', 'c']]],
    [
      'a,\n,b\n',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['\ufeffa\n\nb\n', [['a'], ['b']]],
    ['a,""', [['a', '']]],
    ['', []],
  ])('reads %j', (text, expected) => {
    expect(parseCsv(text).map(({ fields }) => fields)).toEqual(expected);
  });

  it('counts lines through quoted line breaks', () => {
    expect(parseCsv('"a\nb"\nc\n').map(({ line }) => line)).toEqual([1, 3]);
  });

  it('names the line of a quote that never ends', () => {
    expect(() => parseCsv('a\n"b', 'x.csv')).toThrow('x.csv line 2 has a quote that is not closed');
  });

  it('keeps a bare quote, unless it is strict', () => {
    const text = 'a,6" pipe\n';
    expect(parseCsv(text).map(({ fields }) => fields)).toEqual([['a', '6" pipe']]);
    expect(() => parseCsv(text, 'x.csv', { strict: true })).toThrow('x.csv line 1');
  });

  it('keeps a field whose quotes end before it does, unless it is strict', () => {
    expect(parseCsv('"a"b,c\n').map(({ fields }) => fields)).toEqual([['"a"b', 'c']]);
    expect(() => parseCsv('"a"b,c\n', 'x.csv', { strict: true })).toThrow('x.csv line 1');
  });
});
