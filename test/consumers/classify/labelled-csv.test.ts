import { describe, expect, it } from 'vitest';
import { readLabelledCsv } from '../../../src/consumers/classify/labelled-csv.ts';

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
