/**
 * `npm run generate:positions -- --results N --seed S [--out FILE|-] [--format sql|csv] [--table positions|competitors] [--clean]`
 *
 * Writes rows for the transform pipeline's example source: as a script for psql with both tables (sql, the
 * default), or one table's rows for COPY (csv).
 */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import type { Row } from '../src/change/change.ts';
import { DEMO_SOURCE_SQL } from '../src/consumers/transform/migrations.ts';
import { csvLine, textLine } from '../src/demo/copy-lines.ts';
import {
  COMPETITOR_COLUMNS,
  generateCompetitors,
  generatePositions,
  POSITION_COLUMNS,
  type PositionsPlan,
} from '../src/demo/positions-generator.ts';

const CHUNK_CHARS = 64 * 1024;

type Line = typeof csvLine;

function* lines(rows: Iterable<Row>, columns: readonly string[], line: Line): Generator<string> {
  for (const row of rows) yield `${line(row, columns)}\n`;
}

function* psqlScript(plan: PositionsPlan): Generator<string> {
  yield `${DEMO_SOURCE_SQL}BEGIN;\n`;
  yield `COPY brand_competitors (${COMPETITOR_COLUMNS.join(', ')}) FROM STDIN;\n`;
  yield* lines(generateCompetitors(plan), COMPETITOR_COLUMNS, textLine);
  yield `\\.\nCOPY extracted_positions (${POSITION_COLUMNS.join(', ')}) FROM STDIN;\n`;
  yield* lines(generatePositions(plan), POSITION_COLUMNS, textLine);
  yield '\\.\nCOMMIT;\n';
}

/** Few large writes instead of one a row. */
function* chunks(texts: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function readWholeNumber(name: string, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new Error(`--${name} ${text}: give a whole number, 0 or more`);
  return number;
}

const { values } = parseArgs({
  options: {
    results: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: '-' },
    format: { type: 'string', default: 'sql' },
    table: { type: 'string', default: 'positions' },
    clean: { type: 'boolean', default: false },
  },
});
const plan = {
  results: readWholeNumber('results', values.results),
  seed: readWholeNumber('seed', values.seed),
  dirt: !values.clean,
};
const table =
  values.table === 'competitors'
    ? lines(generateCompetitors(plan), COMPETITOR_COLUMNS, csvLine)
    : lines(generatePositions(plan), POSITION_COLUMNS, csvLine);
const output = values.format === 'csv' ? table : psqlScript(plan);
await pipeline(
  Readable.from(chunks(output)),
  values.out === '-' ? process.stdout : createWriteStream(values.out),
);
