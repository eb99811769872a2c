/**
 * Rows of a CSV text (RFC 4180: quoted fields may hold commas, quotes as "" and line ends) as maps by
 * the header's names. Blank lines are skipped; a byte order mark is ignored.
 */
export function readCsv(text: string): Map<string, string>[] {
  const [header, ...records] = splitRecords(text.replace(/^\ufeff/, ''));
  if (header === undefined) return [];
  return records
    .filter((fields) => fields.some((field) => field !== ''))
    .map((fields) => new Map(header.map((name, i) => [name.trim(), fields[i] ?? ''])));
}

function splitRecords(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|\n|\r|$)/gy;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null)
      throw new Error(`CSV record ${records.length + 1} has a quote that does not end its field`);
    record.push(unquote(match[1] ?? ''));
    if (match[2] === ',' && field.lastIndex < text.length) continue;
    if (match[2] === ',') record.push('');
    records.push(record);
    record = [];
  }
  return records;
}

function unquote(field: string): string {
  return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
}
