import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

export type CopyCell = string | number | boolean | null;

/** From so many rows on COPY is worth its second round trip. */
export const COPY_FROM_ROWS = 100;
/** Neither comes in what people write, so that hardly a value has to be quoted; JSON as it is written here has neither, nor line ends. */
const DELIMITER = '\u0002';
const QUOTE = '\u0001';
const TO_QUOTE = /[\u0001\u0002\r\n]/;

/** Written at once: PostgreSQL works on them while the next ones are made. */
const PIECE_CHARS = 32 * 1024;

/**
 * Inserts rows of which none is there yet, in the caller's transaction. Gives how many. COPY writes whole
 * pages at once, and parses no array (docs/performance.md).
 */
export async function copyRows(
  client: Pick<ClientBase, 'query'>,
  table: string,
  columns: readonly string[],
  rows: Iterable<readonly CopyCell[]>,
): Promise<number> {
  const stream = client.query(
    copyFrom(
      `COPY ${table} (${columns.join(', ')}) FROM STDIN (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01', NULL '')`,
    ),
  );
  await pipeline(Readable.from(pieces(rows), { objectMode: false }), stream);
  return stream.rowCount;
}

function* pieces(rows: Iterable<readonly CopyCell[]>): Generator<string> {
  let piece = '';
  for (const row of rows) {
    piece += copyLine(row);
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

function copyLine(cells: readonly CopyCell[]): string {
  let line = '';
  for (let i = 0; i < cells.length; i++) {
    if (i > 0) line += DELIMITER;
    line += cellText(cells[i] ?? null);
  }
  return `${line}\n`;
}

/** An empty text is quoted: without quotes it is NULL. */
function cellText(cell: CopyCell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  if (cell !== '' && !TO_QUOTE.test(cell)) return cell;
  return `${QUOTE}${cell.replaceAll(QUOTE, QUOTE + QUOTE)}${QUOTE}`;
}
