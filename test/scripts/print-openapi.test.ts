import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openApiText } from '../../scripts/print-openapi.ts';

it('docs/items-api.openapi.json is the document that is served (cure: npm run docs:openapi)', () => {
  const text = readFileSync(new URL('../../docs/items-api.openapi.json', import.meta.url), 'utf8');
  expect(text).toBe(openApiText());
});
