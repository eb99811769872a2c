import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Row } from '../change/change.ts';
import { DEMO_SOURCE_SQL } from '../consumers/transform/migrations.ts';
import { textLine } from './copy-lines.ts';
import {
  COMPETITOR_COLUMNS,
  generateCompetitors,
  generatePositions,
  POSITION_COLUMNS,
  type PositionsPlan,
} from './positions-generator.ts';

const CHUNK_ROWS = 500;

/** Creates the transform pipeline's example source where it is not there yet. */
export async function createPositionTables(client: pg.ClientBase): Promise<void> {
  await client.query(DEMO_SOURCE_SQL);
}

/** Fills both tables with generated rows; gives the number of rows in them together. */
export async function loadPositions(client: pg.ClientBase, plan: PositionsPlan): Promise<number> {
  const names = await copyRows(client, 'brand_competitors', COMPETITOR_COLUMNS, generateCompetitors(plan));
  const rows = await copyRows(client, 'extracted_positions', POSITION_COLUMNS, generatePositions(plan));
  await client.query('ANALYZE brand_competitors, extracted_positions');
  return names + rows;
}

async function copyRows(
  client: pg.ClientBase,
  table: string,
  columns: readonly string[],
  rows: Iterable<Row>,
): Promise<number> {
  let count = 0;
  function* chunks(): Generator<string> {
    let chunk: string[] = [];
    for (const row of rows) {
      count += 1;
      if (chunk.push(`${textLine(row, columns)}\n`) < CHUNK_ROWS) continue;
      yield chunk.join('');
      chunk = [];
    }
    yield chunk.join('');
  }
  await pipeline(
    Readable.from(chunks()),
    client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`)),
  );
  return count;
}
