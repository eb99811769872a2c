import { describe, expect, it } from 'vitest';
import { boundedMemo } from '../../../../src/consumers/upsert/normalise/bounded-memo.ts';

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
