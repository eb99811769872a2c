import type pg from 'pg';
import { catalogExample } from './catalog-example.ts';
import type { DemoExample } from './example.ts';
import { metricsExample } from './metrics-example.ts';
import { leadsExample } from './leads-example.ts';
import { urlsExample } from './urls-example.ts';

/** The demo's applications, in the order in which it shows them. */
export const demoExamples: readonly DemoExample[] = [
  catalogExample,
  urlsExample,
  metricsExample,
  leadsExample,
];

/** Makes the source tables of every example that are not there yet. */
export async function createExampleTables(source: pg.ClientBase): Promise<void> {
  for (const example of demoExamples) await example.createTables(source);
}
