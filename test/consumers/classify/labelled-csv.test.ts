import { describe, expect, it } from 'vitest';
import { parseCsv, readLabelledCsv } from '../../../src/consumers/classify/labelled-csv.ts';

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
    expect(() => parseCsv('a\n"b', 'x.csv')).toThrow('x.csv line 2: a quoted field has no end');
  });
});

describe('readLabelledCsv', () => {
  it('finds its columns by name', () => {
    const rows = readLabelledCsv(
      'label,extra,url,title,account\nlegal,1,https://a.example/tos,T,a.example\n',
      'x.csv',
    );
    expect(rows).toEqual([
      { account: 'a.example', url: 'https://a.example/tos', title: 'T', label: 'legal' },
    ]);
  });

  it.each([
    ['', 'x.csv is empty'],
    ['account,url,title\n', 'x.csv has no column "label" (it has: account, url, title)'],
    ['account,url,title,label\na,b,c,d\n', 'x.csv line 2: label "d" is unknown'],
    ['account,url,title,label\na,b,c,d,legal\n', 'x.csv line 2 has 5 fields instead of 4'],
  ])('refuses %j', (text, message) => {
    expect(() => readLabelledCsv(text, 'x.csv')).toThrow(message);
  });
});
