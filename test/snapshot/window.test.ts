import { describe, expect, it } from 'vitest';
import { tupleFromTexts } from '../../src/change/tuple.ts';
import { PublishedXids } from '../../src/snapshot/published-xids.ts';
import { parseVisibility } from '../../src/change/visibility.ts';
import { Window } from '../../src/snapshot/window.ts';

const TABLE = {};
const CHANGE = { table: TABLE, tuple: tupleFromTexts(['1', 'x']) };
const SEES_ALL_BELOW_100 = parseVisibility('100:100:');

describe('a window', () => {
  it('lets a row through whose key nobody changed', () => {
    expect(new Window(0).verdict('["1"]', SEES_ALL_BELOW_100)).toBe('publish');
  });

  it('lets a row through whose changes the chunk has seen', () => {
    const window = new Window(0);
    window.changed('["1"]', 99, true, CHANGE);
    expect(window.verdict('["1"]', SEES_ALL_BELOW_100)).toBe('publish');
  });

  it('keeps a row back that is older than a published change', () => {
    const window = new Window(0);
    window.changed('["1"]', 100, false, CHANGE);
    expect(window.verdict('["1"]', SEES_ALL_BELOW_100)).toBe('skip');
    expect(window.verdict('["2"]', SEES_ALL_BELOW_100)).toBe('publish');
  });

  it('says so when the last change of a kept-back row left a value out', () => {
    const window = new Window(0);
    window.changed('["1"]', 100, false, CHANGE);
    window.changed('["1"]', 101, true, CHANGE);
    expect(window.verdict('["1"]', SEES_ALL_BELOW_100)).toBe('skip-incomplete');
    window.changed('["1"]', 102, false, CHANGE);
    expect(window.verdict('["1"]', SEES_ALL_BELOW_100)).toBe('skip');
  });

  it('takes a truncate for a change of every key', () => {
    const window = new Window(0);
    window.truncated(100);
    expect(window.verdict('["7"]', SEES_ALL_BELOW_100)).toBe('skip');
  });

  it('knows which values no change of a kept key has touched', () => {
    const window = new Window(0, ['["1"]']);
    const untouched = (...values: (string | undefined)[]): number[] => {
      window.changed('["1"]', 100, true, { table: TABLE, tuple: tupleFromTexts(values) });
      return [...(window.unfinished('["1"]', SEES_ALL_BELOW_100)?.untouched ?? [])];
    };
    expect(untouched('1', undefined, undefined)).toEqual([1, 2]);
    expect(untouched('1', undefined, 'new')).toEqual([1]);
    expect(untouched('1', undefined, undefined)).toEqual([1]);
    window.changed('["1"]', 101, false, CHANGE);
    expect(window.unfinished('["1"]', SEES_ALL_BELOW_100)).toBeNull();
    expect(untouched('1', undefined, undefined)).toEqual([]);
    window.changed('["2"]', 100, true, CHANGE);
    expect(window.unfinished('["2"]', SEES_ALL_BELOW_100)).toBeNull();
  });

  it('counts what it remembers', () => {
    const window = new Window(0);
    expect(window.isEmpty).toBe(true);
    for (let i = 0; i < 1_000; i++) window.changed(`["${i}"]`, 5, false, CHANGE);
    expect(window.isEmpty).toBe(false);
    expect(window.bytes).toBeGreaterThan(100_000);
  });
});

describe('published transactions', () => {
  it('make a chunk stale that does not see one which was published before its window', () => {
    const xids = new PublishedXids();
    xids.published(100);
    const openIndex = xids.nextIndex;
    xids.published(101);
    expect(xids.staleXids(SEES_ALL_BELOW_100, openIndex)).toEqual([100]);
    expect(xids.staleXids(parseVisibility('101:101:'), openIndex)).toEqual([]);
  });

  it('count from their first published change', () => {
    const xids = new PublishedXids();
    xids.published(100);
    const openIndex = xids.nextIndex;
    xids.published(100);
    expect(xids.staleXids(SEES_ALL_BELOW_100, openIndex)).toEqual([100]);
  });

  it('of before the start count for every window until they have ended', () => {
    const xids = new PublishedXids([100]);
    expect(xids.staleXids(SEES_ALL_BELOW_100, 0)).toEqual([100]);
    xids.forgetEnded(SEES_ALL_BELOW_100);
    expect(xids.staleXids(SEES_ALL_BELOW_100, 0)).toEqual([100]);
    xids.forgetEnded(parseVisibility('101:101:'));
    expect(xids.size).toBe(0);
  });
});
