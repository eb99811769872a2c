import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { FreshetError } from '../../../runtime/errors.ts';
import { type ParsedRecord, RecordLines } from '../../../runtime/csv.ts';
import { errorMessage } from '../../../runtime/postgres.ts';
import { type FeedRow, feedRow } from './feed-row.ts';

/** `line`: the one on which the row begins, counted from 1. */
export type FeedLine = FeedRow & { readonly line: number };

const GZIP = Buffer.from([0x1f, 0x8b]);
const LONGEST_LINE = 16 * 1024 * 1024;

/**
 * The rows of a product feed: JSON Lines, or CSV with a header (RFC 4180); gzip or plain. What the file is, its
 * first bytes say. Bounded in memory. Throws USAGE on a file that cannot be read to its end.
 */
export async function* readFeed(file: string): AsyncGenerator<FeedLine> {
  let stream: Readable | null = null;
  try {
    stream = await openText(file);
    const first = await firstCharacter(stream);
    yield* first === '{' ? jsonLines(stream) : csvRows(stream);
  } catch (cause) {
    throw new FreshetError('USAGE', `the feed "${file}" cannot be read: ${errorMessage(cause)}`, {
      cause,
      cure: 'Give a file of JSON Lines or CSV, plain or gzip, as UTF-8.',
    });
  } finally {
    stream?.destroy();
  }
}

async function openText(file: string): Promise<Readable> {
  const start = Buffer.alloc(2);
  {
    await using handle = await open(file);
    await handle.read(start, 0, 2, 0);
  }
  const bytes = createReadStream(file);
  // `pipeline` hands on the errors of each part.
  const ended = (): void => {};
  return start.equals(GZIP)
    ? pipeline(bytes, createGunzip(), new PassThrough(), ended)
    : pipeline(bytes, new PassThrough(), ended);
}

/** Behind a byte order mark and blanks; what was read is given back. */
async function firstCharacter(stream: Readable): Promise<string> {
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) {
      stream.unshift(chunk);
      return chunk.toString('utf8').trimStart().charAt(0);
    }
    if (stream.readableEnded) return '';
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      stream.once('end', resolve);
      stream.once('readable', resolve);
    });
  }
}

/** Only a line feed ends a line: U+2028 can stand in a text. */
async function* jsonLines(stream: Readable): AsyncGenerator<FeedLine> {
  const decoder = new TextDecoder();
  let rest = '';
  let line = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw new Error(`line ${line + lines.length + 1} does not end`);
    for (const content of lines) {
      line += 1;
      if (content.trim() !== '') yield { line, ...jsonRow(content) };
    }
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield { line: line + 1, ...jsonRow(rest) };
}

function jsonRow(content: string): FeedRow {
  let fields: unknown;
  try {
    fields = JSON.parse(content);
  } catch {
    return { reason: 'it is no JSON' };
  }
  return feedRow(fields);
}

async function* csvRows(stream: Readable): AsyncGenerator<FeedLine> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_LINE,
  });
  const records = pipeline(stream, parser, () => {}) as AsyncIterable<ParsedRecord<string[]>>;
  const lines = new RecordLines();
  let header: string[] | null = null;
  for await (const { info, record } of records) {
    const line = lines.next(info.empty_lines, record);
    if (header === null) header = record.map((name) => name.trim().toLowerCase());
    else yield { line, ...feedRow(Object.fromEntries(header.map((name, i) => [name, record[i]]))) };
  }
}
