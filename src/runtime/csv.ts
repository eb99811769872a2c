import { FreshetError } from './errors.ts';

interface CsvRecord {
  /** Of the record's first line, counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

interface CsvOptions {
  /** Whether a double quote within an unquoted field is an error, as RFC 4180 has it; else it is kept. */
  readonly strict?: boolean;
  /** What to throw where a quoted field does not end, or does not end its field. Without it: CONFIG_INVALID. */
  readonly malformed?: (line: number) => Error;
}

const STRICT = /("[^"]*(?:""[^"]*)*"|[^",\r\n]*)(,|\r\n|\n|\r|$)/y;
const LENIENT = /("[^"]*(?:""[^"]*)*"|(?!")[^,\r\n]*)(,|\r\n|\n|\r|$)/y;

/**
 * RFC 4180: quoted fields may hold commas, line breaks and doubled quotes. Blank lines are skipped, a byte
 * order mark is ignored. `source` names the text in errors.
 */
export function parseCsv(text: string, source = 'CSV', options: CsvOptions = {}): CsvRecord[] {
  const { strict = false, malformed = (line) => endless(source, line) } = options;
  const field = new RegExp(strict ? STRICT : LENIENT);
  field.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let line = 1;
  let start = 1;
  while (field.lastIndex < text.length || fields.length > 0) {
    const match = field.exec(text);
    if (match === null) throw malformed(line);
    const raw = match[1] ?? '';
    fields.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    line += raw.split('\n').length - 1;
    if (match[2] === ',') continue;
    line++;
    if (fields.length > 1 || fields[0] !== '') records.push({ line: start, fields });
    fields = [];
    start = line;
  }
  return records;
}

function endless(source: string, line: number): FreshetError {
  return new FreshetError('CONFIG_INVALID', `${source} line ${line}: a quoted field has no end`, {
    cure: 'Close it with a double quote.',
  });
}
