/** `npm run docs:openapi`: writes docs/items-api.openapi.json, with the default limits. */
import { writeFileSync } from 'node:fs';
import { configSchema } from '../src/config-schema.ts';
import { openApiDocument } from '../src/items-api/openapi.ts';

const FILE = new URL('../docs/items-api.openapi.json', import.meta.url);

export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(configSchema.parse({}).itemsApi), null, 2)}\n`;
}

if (import.meta.main) writeFileSync(FILE, openApiText());
