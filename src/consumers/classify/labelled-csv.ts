import { FreshetError } from '../../runtime/errors.ts';
import { isPageType, PAGE_TYPES, type PageType } from './page-types.ts';

/** A URL with the page type that a person gave it. */
export interface LabelledUrl {
  /** The site; rows of one site are kept together when data is split. */
  readonly account: string;
  readonly url: string;
  readonly title: string;
  readonly label: PageType;
}

const REQUIRED = ['account', 'url', 'title', 'label'] as const;

/**
 * Reads CSV with a header that names account, url, title and label, in any order; other columns are
 * left alone. Throws CONFIG_INVALID, which names `source`, line and cure, on a missing column, a short
 * row or an unknown label.
 */
export function readLabelledCsv(text: string, source: string): LabelledUrl[] {
  const [header, ...records] = parseCsv(text, source);
  if (header === undefined) throw invalid(`${source} is empty`, 'Give a CSV file with a header line.');
  const columns = REQUIRED.map((name) => {
    const column = header.fields.indexOf(name);
    if (column < 0) {
      throw invalid(
        `${source} has no column "${name}" (it has: ${header.fields.join(', ')})`,
        `Add the column ${name}.`,
      );
    }
    return column;
  });
  return records.map((record) => {
    const [account = '', url = '', title = '', label = ''] = columns.map(
      (column) => record.fields[column] ?? '',
    );
    if (record.fields.length !== header.fields.length) {
      const counts = `${record.fields.length} fields instead of ${header.fields.length}`;
      throw invalid(`${source} line ${record.line} has ${counts}`, 'Quote fields that hold commas.');
    }
    if (!isPageType(label)) {
      throw invalid(
        `${source} line ${record.line}: label ${JSON.stringify(label)} is unknown`,
        `Use one of ${PAGE_TYPES.join(', ')}.`,
      );
    }
    return { account, url, title, label };
  });
}

interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** RFC 4180: quoted fields may hold commas, line breaks and doubled quotes. Blank lines are skipped. */
export function parseCsv(text: string, source = 'CSV'): CsvRecord[] {
  const records: CsvRecord[] = [];
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  let line = 1;
  for (let at = 0; at < body.length;) {
    const start = line;
    const fields: string[] = [];
    for (;;) {
      const field = readField(body, at, source, start);
      fields.push(field.value);
      line += field.lineBreaks;
      at = field.end;
      if (body[at] !== ',') break;
      at++;
    }
    if (body[at] === '\r' && body[at + 1] === '\n') at++;
    at++;
    line++;
    if (fields.length > 1 || fields[0] !== '') records.push({ line: start, fields });
  }
  return records;
}

function readField(
  text: string,
  from: number,
  source: string,
  line: number,
): { value: string; end: number; lineBreaks: number } {
  if (text[from] !== '"') {
    let end = from;
    while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end++;
    return { value: text.slice(from, end), end, lineBreaks: 0 };
  }
  let end = from + 1;
  for (;;) {
    end = text.indexOf('"', end);
    if (end < 0)
      throw invalid(`${source} line ${line}: a quoted field has no end`, 'Close it with a double quote.');
    if (text[end + 1] !== '"') break;
    end += 2;
  }
  const value = text.slice(from + 1, end).replaceAll('""', '"');
  return { value, end: end + 1, lineBreaks: value.split('\n').length - 1 };
}

function invalid(message: string, cure: string): FreshetError {
  return new FreshetError('CONFIG_INVALID', message, { cure });
}
