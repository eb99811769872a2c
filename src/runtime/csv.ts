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

interface Parsed {
  readonly info: { readonly lines: number };
  readonly record: string[];
}

/**
 * RFC 4180: quoted fields may hold commas, line breaks and doubled quotes. Blank lines are skipped, a byte
 * order mark is ignored. Throws USAGE, which names `source` and line, on a quote that makes no sense.
 */
export function parseCsv(text: string, source = 'CSV', { strict = false }: CsvOptions = {}): CsvRecord[] {
  try {
    const parsed: unknown = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      relax_quotes: !strict,
      skip_empty_lines: true,
    });
    return (parsed as Parsed[]).map(({ info, record }) => ({
      line: info.lines - record.join('').split('\n').length + 1,
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
