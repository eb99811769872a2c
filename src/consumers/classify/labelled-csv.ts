import { parseCsv } from '../../runtime/csv.ts';
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

function invalid(message: string, cure: string): FreshetError {
  return new FreshetError('CONFIG_INVALID', message, { cure });
}
