import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LocalScorer } from '../../../src/consumers/score/local-scorer.ts';
import type { Conversation } from '../../../src/consumers/score/scorer.ts';

const MINUTE = 60_000;

/** "> text" is ours, "< text" the lead's; messages are `gapMinutes` apart. */
function conversation(lines: readonly string[], gapMinutes = 60): Conversation {
  return {
    leadId: 'lead-1',
    messages: lines.map((line, i) => ({
      id: `m${i}`,
      direction: line.startsWith('>') ? 'outbound' : 'inbound',
      body: line.slice(2),
      createdAt: new Date(1_750_000_000_000 + i * gapMinutes * MINUTE),
    })),
  };
}

const scorer = new LocalScorer();
const scoreOf = (lines: readonly string[], gapMinutes?: number) =>
  scorer.judge(conversation(lines, gapMinutes)).score;

describe('the local scorer', () => {
  test('ranks conversations as a person would', () => {
    const ranked = [
      ['> Hi, want a quote?', '< Fuck off, scam'],
      ['> Hi, want a quote?', '< not interested'],
      ['> Hi, want a quote?', '< maybe later'],
      ['> Hi, want a quote?', '< ok'],
      ['> Hi, want a quote?', '< Yes, how much is it?'],
      [
        '> Hi, want a quote?',
        '< Yes I need one, how much is it? Can we meet on Friday? My number is 555 123 4567',
      ],
    ].map((lines) => scoreOf(lines));
    expect(ranked).toEqual(ranked.toSorted((a, b) => a - b));
    expect(ranked[0]).toBe(1);
    expect(ranked.at(-1)).toBe(10);
  });

  test.each([
    ['a question', ['> Hi', '< tell me more about it'], ['> Hi', '< tell me more about it?']],
    ['a fast reply', ['> Hi', '< tell me more', 60 * 200], ['> Hi', '< tell me more', 5]],
    [
      'an answer instead of silence',
      ['> Hi', '< I need a price', '> ok', '> hello?', '> still there?'],
      ['> Hi', '< I need a price'],
    ],
    [
      'renewed interest',
      ['< I am interested, how much?', '< no thanks'],
      ['< no thanks', '< I am interested, how much?'],
    ],
  ])('values %s', (_what, worse, better) => {
    const score = (lines: readonly (string | number)[]) => {
      const gap = lines.find((line) => typeof line === 'number');
      return scoreOf(
        lines.filter((line) => typeof line === 'string'),
        gap,
      );
    };
    expect(score(better)).toBeGreaterThan(score(worse));
  });

  test('does not take "not interested" for interest', () => {
    const { reasons } = scorer.judge(conversation(['< I am not interested']));
    expect(reasons.join()).toContain('refuses (-22)');
    expect(reasons.join()).not.toContain('says what is wanted');
  });

  test('gives a whole score in its scale and a reason, whatever is written, and the same one again', () => {
    const message = fc.record({
      inbound: fc.boolean(),
      body: fc.string({ unit: 'grapheme', maxLength: 80 }),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 20 }),
        fc.integer({ min: -5, max: 5 }),
        fc.integer({ min: 1, max: 100 }),
        (messages, min, width) => {
          const given = conversation(messages.map(({ inbound, body }) => `${inbound ? '<' : '>'} ${body}`));
          const scaled = new LocalScorer({ min, max: min + width });
          const result = scaled.judge(given);
          expect(Number.isInteger(result.score)).toBe(true);
          expect(result.score).toBeGreaterThanOrEqual(min);
          expect(result.score).toBeLessThanOrEqual(min + width);
          expect(result.reasons.length).toBeGreaterThan(0);
          expect(scaled.judge(given)).toEqual(result);
        },
      ),
    );
  });

  test('does not depend on when the conversation took place', () => {
    const given = conversation(['> Hi', '< how much is it?']);
    const shifted = {
      ...given,
      messages: given.messages.map((m) => ({ ...m, createdAt: new Date(m.createdAt.getTime() - 1e11) })),
    };
    expect(scorer.judge(shifted)).toEqual(scorer.judge(given));
  });

  test('names algorithm and scale in its version, and refuses a scale without room', () => {
    expect(scorer.version).toBe('local-1:1-10');
    expect(new LocalScorer({ min: 0, max: 100 }).version).toBe('local-1:0-100');
    expect(() => new LocalScorer({ min: 3, max: 3 })).toThrow(RangeError);
    expect(() => new LocalScorer({ min: 1, max: 9.5 })).toThrow(RangeError);
  });

  test('keeps to the interface: an aborted signal rejects', async () => {
    const aborted = AbortSignal.abort(new Error('stopped'));
    await expect(scorer.score(conversation(['< hi']), aborted)).rejects.toThrow('stopped');
    await expect(scorer.score(conversation(['< hi']), new AbortController().signal)).resolves.toHaveProperty(
      'score',
    );
  });
});
