import { describe, expect, it } from 'vitest';
import { reportError, type Terminal } from '../../src/cli/terminal.ts';
import { FreshetError } from '../../src/runtime/errors.ts';

function terminal(json: boolean): Terminal & { readonly notes: string[] } {
  const notes: string[] = [];
  return {
    json,
    interactive: false,
    color: false,
    notes,
    out: () => {},
    note: (text) => void notes.push(text),
  };
}

describe('an error that ends a command', () => {
  it.each([
    ['an interruption', AbortSignal.abort().reason, 130, 'interrupted'],
    ['a known one', new FreshetError('USAGE', 'no such file', { cure: 'Name one.' }), 2, 'no such file'],
    ['an unknown one', new TypeError('x is undefined'), 1, 'x is undefined'],
  ])('is told with its exit code: %s', (_what, error: unknown, exitCode, text) => {
    for (const json of [false, true]) {
      const told = terminal(json);
      expect(reportError(told, error)).toBe(exitCode);
      expect(told.notes.join()).toContain(text);
    }
  });

  it('has no stack where somebody interrupted it', () => {
    const told = terminal(false);
    reportError(told, AbortSignal.abort().reason);
    expect(told.notes).toEqual(['interrupted']);
  });
});
