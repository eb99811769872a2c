import { CsvError, parse } from 'csv-parse/sync';
import { FreshetError } from './errors.ts';

interface CsvRecord {
  /** Of the record's first line, counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

interface CsvOptions {
  /** Whether a double quote within an unquoted field is an error, as RFC 4180 has it; else it is kept. */
  readonly strict?: boolean;
}

/** What the parser gives with `info: true`. */
export interface ParsedRecord<Fields> {
  readonly info: { readonly empty_lines: number };
  readonly record: Fields;
}

/**
 * RFC 4180: quoted fields may hold commas, line breaks and doubled quotes. Blank lines are skipped, a byte
 * order mark is ignored. Throws USAGE, which names `source` and line, on a quote that makes no sense.
 */
export function parseCsv(text: string, source = 'CSV', { strict = false }: CsvOptions = {}): CsvRecord[] {
  const lines = new RecordLines();
  try {
    const parsed: unknown = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      relax_quotes: !strict,
      skip_empty_lines: true,
    });
    return (parsed as ParsedRecord<string[]>[]).map(({ info, record }) => ({
      line: lines.next(info.empty_lines, record),
      fields: record,
    }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new FreshetError(
      'USAGE',
      `${source} line ${String(cause['lines'])} has a quote that is not closed or not escaped`,
      { cause, cure: 'Close quoted fields, and double the quotes inside them.' },
    );
  }
}

/** The lines on which records begin. The parser's own count takes a CRLF within quotes for two. */
export class RecordLines {
  #line = 1;

  /** Of the next record; `emptyLines`: that were skipped so far. */
  next(emptyLines: number, fields: readonly string[]): number {
    const line = this.#line + emptyLines;
    this.#line += 1 + fields.reduce((breaks, field) => breaks + field.split('\n').length - 1, 0);
    return line;
  }
}
