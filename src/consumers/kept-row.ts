type AnyRow = Readonly<Record<string, unknown>>;

/** A parsed row as text, with what JSON does not have: bigint, bytes, dates, and numbers that are none. */
export function encodeRow(row: AnyRow): string {
  return JSON.stringify(row, function (this: AnyRow, key: string, value: unknown) {
    // Buffers and dates come here as what their toJSON gave.
    const raw = this[key];
    if (typeof raw === 'bigint') return { $bigint: String(raw) };
    if (typeof raw === 'number' && !Number.isFinite(raw)) return { $number: String(raw) };
    if (Buffer.isBuffer(raw)) return { $bytes: raw.toString('base64') };
    if (raw instanceof Date) return { $date: raw.getTime() };
    return value;
  });
}

export function decodeRow(text: string): AnyRow {
  return JSON.parse(text, (_, value: unknown) => revived(value)) as AnyRow;
}

function revived(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) return value;
  const [tag, content] = entry as [string, unknown];
  if (tag === '$bigint') return BigInt(String(content));
  if (tag === '$number') return Number(content);
  if (tag === '$bytes') return Buffer.from(String(content), 'base64');
  return tag === '$date' ? new Date(Number(content)) : value;
}
