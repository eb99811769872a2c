import { describe, expect, it } from 'vitest';
import { keyList } from '../../src/cli/option-values.ts';

describe('a list of keys', () => {
  it.each([
    ['1,2,3', [['1'], ['2'], ['3']]],
    ['["a,b", 7]', [['a,b'], ['7']]],
    [
      '[["a", 1], ["b", true]]',
      [
        ['a', '1'],
        ['b', 'true'],
      ],
    ],
  ])('%s', (text, keys) => {
    expect(keyList(text)).toEqual(keys);
  });

  it.each(['', '1,,2', '[]', '[[]]', '[1', '[null]'])('refuses %j', (text) => {
    expect(() => keyList(text)).toThrow(/key/);
  });
});
