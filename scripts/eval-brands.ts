import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compareBrands } from '../src/consumers/upsert/normalise/compare-brands.ts';
import { readCsv } from './read-csv.ts';

/*
 * Judges the brand pairs of a CSV file (header: a, b, same_brand = yes | no; further columns are
 * ignored) and says how many judgements agree with the file's.
 * Usage: npm run eval:brands -- PAIRS.csv [--json]
 */
interface Misjudged {
  readonly a: string;
  readonly b: string;
  readonly expected: boolean;
  readonly confidence: number;
  readonly reason: string;
}

const USAGE = 'usage: npm run eval:brands -- PAIRS.csv [--json]';
const ANSWERS = new Map([
  ['yes', true],
  ['no', false],
]);

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    console.error(USAGE);
    return 2;
  }
  const { right, misjudged } = judge(readCsv(readFileSync(path, 'utf8')), path);
  if (values.json) {
    console.log(JSON.stringify({ right, wrong: misjudged.length, pairs: misjudged }, null, 2));
    return 0;
  }
  console.log(`right ${right}\nwrong ${misjudged.length}`);
  for (const { a, b, expected, confidence, reason } of misjudged) {
    console.log(
      `  ${JSON.stringify(a)} | ${JSON.stringify(b)}: file says ${expected ? 'same' : 'not the same'}; here: ${reason} (${confidence})`,
    );
  }
  return 0;
}

function judge(
  rows: readonly ReadonlyMap<string, string>[],
  path: string,
): { right: number; misjudged: Misjudged[] } {
  let right = 0;
  const misjudged: Misjudged[] = [];
  for (const [i, row] of rows.entries()) {
    const [a, b] = [row.get('a'), row.get('b')];
    const expected = ANSWERS.get(row.get('same_brand')?.trim().toLowerCase() ?? '');
    if (a === undefined || b === undefined || expected === undefined) {
      throw new Error(
        `${path}, record ${i + 1}: columns a, b and same_brand (yes or no) are needed, found ${JSON.stringify([...row])}`,
      );
    }
    const { same, confidence, reason } = compareBrands(a, b);
    if (same === expected) right++;
    else misjudged.push({ a, b, expected, confidence, reason });
  }
  return { right, misjudged };
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
