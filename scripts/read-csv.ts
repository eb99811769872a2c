import { parseCsv } from '../src/runtime/csv.ts';

/** Rows of a CSV text as maps by the header's names. Rows without any value are skipped. */
export function readCsv(text: string): Map<string, string>[] {
  const [header, ...records] = parseCsv(text);
  return records
    .filter(({ fields }) => fields.some((field) => field !== ''))
    .map(({ fields }) => new Map(header?.fields.map((name, i) => [name.trim(), fields[i] ?? ''])));
}
