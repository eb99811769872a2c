import { readFileSync } from 'node:fs';
import { FreshetError } from '../../runtime/errors.ts';
import { errorMessage } from '../../runtime/postgres.ts';
import { loadTaxonomy, type Taxonomy } from './normalise/taxonomy.ts';

/** The configured taxonomy; null where none is. Throws CONFIG_INVALID on a file that is none. */
export function readTaxonomy(file: string | undefined): Taxonomy | null {
  if (file === undefined) return null;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new FreshetError('CONFIG_INVALID', `upsert.taxonomyFile: "${file}": ${errorMessage(cause)}`, {
      cause,
    });
  }
  return loadTaxonomy(text);
}
