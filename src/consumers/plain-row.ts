import { z } from 'zod';

/** Kinds of values, put together: what a field takes as it is. */
const TEXT = 1;
const NULL = 2;
const BOOLEAN = 4;
const NUMBER = 8;
const BIGINT = 16;
/** No value, but the field may be missing. */
const MISSING = 32;

type AnyRow = Readonly<Record<string, unknown>>;

/**
 * Tells rows that a schema would give as they are: its columns in its order, each of a type that it takes without a
 * check, a default or a transform. Parsing them would cost a copy of the row, and an object or two for every field.
 * False says nothing: the schema has to look. Null where it has to look at every row.
 */
export function plainRowTest(schema: z.ZodObject): ((row: AnyRow) => boolean) | null {
  const { catchall, checks = [] } = schema.def;
  if (catchall !== undefined || checks.length > 0) return null;
  const columns = Object.keys(schema.shape);
  const takes = Object.values(schema.shape).map(takenAsIs);
  if (takes.includes(0)) return null;
  /** The field that the column is, behind those that may be missing; -1 where it is none. */
  const find = (column: string, from: number): number => {
    let at = from;
    while (columns[at] !== column) if (((takes[at++] ?? 0) & MISSING) === 0) return -1;
    return at;
  };
  return (row) => {
    let next = 0;
    for (const column in row) {
      const at = find(column, next);
      if (at === -1 || ((takes[at] ?? 0) & kindOf(row[column])) === 0) return false;
      next = at + 1;
    }
    while (next < takes.length) if (((takes[next++] ?? 0) & MISSING) === 0) return false;
    return true;
  };
}

function kindOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return TEXT;
    case 'boolean':
      return BOOLEAN;
    case 'number':
      return Number.isFinite(value) ? NUMBER : 0;
    case 'bigint':
      return BIGINT;
    default:
      return value === null ? NULL : 0;
  }
}

function takenAsIs(field: unknown): number {
  if (field instanceof z.ZodNullable) return orElse(takenAsIs(field.unwrap()), NULL);
  if (field instanceof z.ZodOptional) return orElse(takenAsIs(field.unwrap()), MISSING);
  // Of a union the first that takes a value gives it.
  if (field instanceof z.ZodUnion) return takenAsIs(field.options[0]);
  if (field instanceof z.ZodString) return isPlain(field.def) ? TEXT : 0;
  if (field instanceof z.ZodBoolean) return isPlain(field.def) ? BOOLEAN : 0;
  if (field instanceof z.ZodNumber) return isPlain(field.def) ? NUMBER : 0;
  return field instanceof z.ZodBigInt && isPlain(field.def) ? BIGINT : 0;
}

function orElse(taken: number, other: number): number {
  return taken === 0 ? 0 : taken | other;
}

interface TypeDefinition {
  readonly checks?: readonly unknown[];
  readonly coerce?: boolean;
  readonly check?: string;
}

/** Whether a type is itself: not one of its formats, and no more is asked of its values. */
function isPlain({ checks = [], coerce, check }: TypeDefinition): boolean {
  return checks.length === 0 && coerce !== true && check === undefined;
}
