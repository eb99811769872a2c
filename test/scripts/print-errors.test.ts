import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withErrorTable } from '../../scripts/print-errors.ts';

it('the table of errors in docs/operations.md is the one of the code', () => {
  const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  expect(withErrorTable(text)).toBe(text);
});
