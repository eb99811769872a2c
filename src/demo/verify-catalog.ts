import type { ClientBase } from 'pg';
import { compareCatalog } from '../consumers/upsert/catalog/compare.ts';
import { readRules } from '../consumers/upsert/rules.ts';
import type { Taxonomy } from '../consumers/upsert/normalise/taxonomy.ts';

const REPORTED = 10;

/**
 * Reads source and target by SQL, past capture and topics, and counts the skus whose item is missing,
 * different, or should not be there. `report` hears of the first few.
 */
export async function verifyCatalog(
  source: ClientBase,
  target: ClientBase,
  taxonomy: Taxonomy | null,
  report: (sku: string, what: string) => void,
): Promise<number> {
  const rules = await readRules(target, taxonomy);
  let mismatches = 0;
  const places = { source, target, rules, isMade: true };
  for await (const { differences } of compareCatalog(places, { with: 'products' })) {
    for (const { sku, what } of differences.slice(0, Math.max(0, REPORTED - mismatches))) report(sku, what);
    mismatches += differences.length;
  }
  return mismatches;
}
