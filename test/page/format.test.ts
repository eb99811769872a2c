import { describe, expect, it } from 'vitest';
import { bytes, count, counted, duration, percent, rate, tableName, time } from '../../page/format.js';

describe('figures of the page', () => {
  it.each([
    [null, '–'],
    [0, '0.0 s'],
    [0.04, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [91, '1 min 31 s'],
    [3_600, '1 h'],
    [7_385, '2 h 3 min'],
    [200_000, '2 d 7 h'],
    [-3, '0.0 s'],
  ])('a duration of %s seconds is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [null, '–'],
    [0, '0/s'],
    [0.04, '< 0.1/s'],
    [3.14, '3.1/s'],
    [940, '940/s'],
    [12_345, '12.3K/s'],
  ])('a rate of %s is %s', (value, text) => {
    expect(rate(value)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [12_582_912, '12.0 MiB'],
    [3 * 1024 ** 4 * 1024, '3072 TiB'],
  ])('%d bytes are %s', (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it('percents do not round up to all, and none of nothing is unknown', () => {
    expect(percent(999_999, 1_000_000)).toBe('> 99.9 %');
    expect(percent(1_000_000, 1_000_000)).toBe('100 %');
    expect(percent(5, 8)).toBe('62.5 %');
    expect(percent(0, 0)).toBe('–');
  });

  it('counts have their noun in the right number', () => {
    expect(counted(1, 'row')).toBe('1 row');
    expect(counted(12_330, 'row')).toBe('12,330 rows');
    expect(count(null)).toBe('–');
  });

  it('a time of another day has its day', () => {
    expect(time(new Date().toISOString())).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(time('2020-02-03T12:00:00Z')).toMatch(/3 Feb/);
    expect(time(null)).toBe('–');
  });

  it('the usual schema is left out of a table’s name', () => {
    expect(tableName('public.products')).toBe('products');
    expect(tableName('shop.products')).toBe('shop.products');
  });
});
