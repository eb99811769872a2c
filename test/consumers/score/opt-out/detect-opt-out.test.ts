import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectOptOut } from '../../../../src/consumers/score/opt-out/detect-opt-out.ts';
import { LATER_NO_OPT_OUTS, LATER_OPT_OUTS, MISSED_OPT_OUTS, NO_OPT_OUTS, OPT_OUTS } from './phrasings.ts';

describe('opt-out detection', () => {
  test.each([...OPT_OUTS, ...LATER_OPT_OUTS])('takes %j for an opt-out, with rule and evidence', (body) => {
    const decision = detectOptOut(body);
    expect(decision).toMatchObject({ optOut: true });
    expect(decision.rule).not.toBe('none');
    expect(decision.evidence).not.toBe('');
    expect(decision.confidence).toBeGreaterThan(0);
  });

  test.each([...NO_OPT_OUTS, ...LATER_NO_OPT_OUTS])('takes %j for no opt-out', (body) => {
    expect(detectOptOut(body).optOut).toBe(false);
  });

  test('is known to miss some; a rule that finds one moves it to the others', () => {
    expect(MISSED_OPT_OUTS.filter((body) => detectOptOut(body).optOut)).toEqual([]);
  });

  test.each([
    ['STOP', 'keyword-alone'],
    ["STOP. Don't know you", 'keyword-apart'],
    ['Stop texting me', 'stop-contact'],
    ['Reply STOP to end', 'instruction-to-recipient'],
    ["don't stop sending me messages", 'none'],
    ["I don't want you to stop texting me", 'wish-to-continue'],
    ["don't text me now please, I drive", 'another-time-or-channel'],
    ['stop texting me at work', 'another-time-or-channel'],
    ['nice weather', 'none'],
  ])('names what decided about %j: %s', (body, rule) => {
    expect(detectOptOut(body).rule).toBe(rule);
  });

  test('gives the same decision whatever the case, the padding and the polite words around a keyword', () => {
    const keyword = fc.constantFrom(
      'stop',
      'unsubscribe',
      'cancel',
      'quit',
      'end',
      'optout',
      'revoke',
      'stopall',
    );
    const around = fc.constantFrom('', ' ', '\n', '!', ' please', '...', ' thanks', '\u200b', ' 🙏');
    fc.assert(
      fc.property(keyword, around, fc.boolean(), (word, tail, loud) => {
        expect(detectOptOut(`${loud ? word.toUpperCase() : word}${tail}`)).toMatchObject({
          optOut: true,
          rule: 'keyword-alone',
        });
      }),
    );
  });

  test('decides on any text, and keeps its evidence short', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (body) => {
        const decision = detectOptOut(body);
        expect(decision.evidence.length).toBeLessThanOrEqual(160);
        expect(detectOptOut(body)).toEqual(decision);
      }),
    );
  });

  test('finds an opt-out above a quoted message and none in the quoted message', () => {
    const footer = '\n\nOn Tue, 3 Jun 2025, Ben wrote:\n> New offers! Reply STOP to end';
    expect(detectOptOut(`Stop texting me${footer}`).optOut).toBe(true);
    expect(detectOptOut(`Sounds good, call me${footer}`).optOut).toBe(false);
  });
});
