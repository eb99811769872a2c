import type { Value } from '../change/change.ts';
import type { TextBuffer } from '../runtime/text-buffer.ts';
import { writeText } from './array-parameter.ts';

export const TEXT_OID = 25;
const NULL_LENGTH = -1;

/** What stands before the elements of a binary array (PostgreSQL's array_send). `typeOid`: of an element. */
export function openArray(out: TextBuffer, typeOid: number, length: number, hasNulls: boolean): void {
  // Dimensions, a flag for NULLs, the element's type, the length, the lower bound.
  for (const value of [1, hasNulls ? 1 : 0, typeOid, length, 1]) out.int32(value);
}

/** One value's text behind its length, as an array's element and a row's field. */
export function writeValue(out: TextBuffer, value: Value | undefined): void {
  const at = out.end;
  out.int32(NULL_LENGTH);
  if (value === null || value === undefined) return;
  writeText(out, value);
  out.putInt32(out.end - at - 4, at);
}
