import { parseCsv } from '../../../runtime/csv.ts';
import { FreshetError } from '../../../runtime/errors.ts';

type OptOutLabel = 'opt_out' | 'not_opt_out' | 'ambiguous';

export interface LabelledMessage {
  readonly id: string;
  readonly text: string;
  readonly label: OptOutLabel;
  /** The labeller's reason, where the file has one. */
  readonly kind: string;
}

const LABELS: readonly string[] = ['opt_out', 'not_opt_out', 'ambiguous'] satisfies OptOutLabel[];

/**
 * Reads a labelled file: CSV by RFC 4180 in UTF-8 with a header that names `text` and `opt_out`
 * (`message_id` and `kind` if there are any), in any order; other columns are passed over.
 * Throws USAGE with line and value where the file is not that.
 */
export function parseLabelledCsv(content: string, fileName: string): LabelledMessage[] {
  const [header, ...records] = parseCsv(content, fileName, { strict: true });
  if (header === undefined)
    throw bad(fileName, 'is empty', 'Give a CSV file with the columns text and opt_out.');
  const columns = header.fields.map((name) => name.trim().toLowerCase());
  const textAt = columnOf(columns, 'text', fileName);
  const labelAt = columnOf(columns, 'opt_out', fileName);
  const idAt = columns.indexOf('message_id');
  const kindAt = columns.indexOf('kind');
  if (records.length === 0)
    throw bad(fileName, 'has a header and no rows', 'Give at least one labelled message.');
  return records.map(({ fields, line }) => {
    if (fields.length !== columns.length) {
      throw bad(
        fileName,
        `line ${line} has ${fields.length} fields, the header ${columns.length}`,
        'Quote fields that hold commas or line breaks.',
      );
    }
    const label = (fields[labelAt] ?? '').trim().toLowerCase();
    if (!isLabel(label)) {
      throw bad(fileName, `line ${line}: opt_out is "${label}"`, `Use one of ${LABELS.join(', ')}.`);
    }
    return {
      id: fields[idAt] ?? `line ${line}`,
      text: fields[textAt] ?? '',
      label,
      kind: fields[kindAt] ?? '',
    };
  });
}

function isLabel(value: string): value is OptOutLabel {
  return LABELS.includes(value);
}

function columnOf(columns: readonly string[], name: string, fileName: string): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  throw bad(
    fileName,
    `has no column "${name}" (found: ${columns.join(', ')})`,
    `Add a header row with ${name}.`,
  );
}

function bad(fileName: string, what: string, cure: string): FreshetError {
  return new FreshetError('USAGE', `${fileName} ${what}`, { cure });
}
