import { describe, expect, it } from 'vitest';
import { boundedMemo, repeatedMemo } from '../../../../src/consumers/upsert/normalise/bounded-memo.ts';

describe('a bounded memo', () => {
  const counting = (limit: number) => {
    const computed: string[] = [];
    const length = boundedMemo((text) => computed.push(text) && text.length, limit);
    return { computed, length };
  };

  it('works a text out once, and keeps what is asked for again while others pass', () => {
    const { computed, length } = counting(4);
    for (let i = 100; i < 200; i++) {
      expect(length('kept')).toBe(4);
      expect(length(`passing ${i}`)).toBe(11);
    }
    expect(computed.filter((text) => text === 'kept').length).toBe(1);
    expect(computed.length).toBe(101);
  });

  it('forgets what is not asked for', () => {
    const { computed, length } = counting(4);
    for (const text of ['first', 'a', 'b', 'c', 'd', 'first']) expect(length(text)).toBe(text.length);
    expect(computed.filter((text) => text === 'first').length).toBe(2);
  });
});

describe('a memo of what may come again', () => {
  const counting = () => {
    const computed: string[] = [];
    const length = repeatedMemo((text) => computed.push(text) && text.length);
    const times = (text: string): number => computed.filter((each) => each === text).length;
    return { length, times };
  };

  it('remembers texts as long as they come again', () => {
    const { length, times } = counting();
    for (let i = 0; i < 30_000; i++) expect(length(`text ${i % 1_500}`)).toBe(`text ${i % 1_500}`.length);
    expect(times('text 7')).toBe(1);
  });

  it('remembers nothing while texts come once, and tries again later', () => {
    const { length, times } = counting();
    for (let i = 0; i < 10_000; i++) length(`once ${i}`);
    for (let i = 0; i < 3; i++) expect(length('now')).toBe(3);
    expect(times('now')).toBe(3);
    for (let i = 0; i < 100_000; i++) length(`again ${i % 100}`);
    for (let i = 0; i < 3; i++) expect(length('then')).toBe(4);
    expect(times('then')).toBe(1);
  });
});
