/** A span's length for SQL NULL. */
export const NULL_LENGTH = -1;
/** A span's length for a TOASTed value that the change did not touch and the WAL does not hold. */
export const UNAVAILABLE_LENGTH = -2;

/**
 * One row as it came from the wire: for column i, `bytes` holds PostgreSQL's **text output** of the
 * value (UTF-8) from `spans[2i]`, `spans[2i + 1]` bytes long; a negative length is one of the two
 * constants above. Read with TimeZone UTC, DateStyle ISO, IntervalStyle postgres,
 * extra_float_digits 1 and bytea_output hex, by the stream and the snapshot alike.
 *
 * A tuple borrows `bytes`: it is valid as long as nobody writes into them.
 */
export interface Tuple {
  readonly bytes: Buffer;
  readonly spans: Int32Array;
}

export function isNull(tuple: Tuple, column: number): boolean {
  return tuple.spans[2 * column + 1] === NULL_LENGTH;
}

export function isUnavailable(tuple: Tuple, column: number): boolean {
  return tuple.spans[2 * column + 1] === UNAVAILABLE_LENGTH;
}

/** The value's text, or null where it is NULL or unavailable. */
export function textOf(tuple: Tuple, column: number): string | null {
  const start = tuple.spans[2 * column] ?? 0;
  const length = tuple.spans[2 * column + 1] ?? NULL_LENGTH;
  return length < 0 ? null : tuple.bytes.toString('utf8', start, start + length);
}

/** For tests, and for rows that come from somewhere else than the wire. */
export function tupleFromTexts(values: readonly (string | null | undefined)[]): Tuple {
  const parts: Buffer[] = [];
  const spans = new Int32Array(values.length * 2);
  let offset = 0;
  for (const [i, value] of values.entries()) {
    spans[2 * i] = offset;
    if (value === null) spans[2 * i + 1] = NULL_LENGTH;
    else if (value === undefined) spans[2 * i + 1] = UNAVAILABLE_LENGTH;
    else {
      const part = Buffer.from(value, 'utf8');
      parts.push(part);
      spans[2 * i + 1] = part.length;
      offset += part.length;
    }
  }
  return { bytes: Buffer.concat(parts), spans };
}
