import type { Column, TypeShape } from '../../change/table.ts';

/** How a column is carried: the choice of Debezium's PostgreSQL connector with its default settings. */
export type WireType =
  | Plain<'boolean' | 'int16' | 'int32' | 'int64' | 'float32' | 'float64' | 'bytes'>
  | Plain<'string' | 'uuid' | 'json' | 'xml' | 'hstore' | 'variable-decimal' | 'money' | 'point' | 'bit'>
  | Plain<'date' | 'zoned-time' | 'zoned-timestamp' | 'interval'>
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** `length` is null for a varbit without a limit. */
  | { readonly kind: 'bits'; readonly length: number | null }
  | { readonly kind: 'time'; readonly unit: TimeUnit }
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit }
  | { readonly kind: 'array'; readonly element: WireType; readonly delimiter: string };

type TimeUnit = 'milliseconds' | 'microseconds';
type Plain<K extends string> = K extends string ? { readonly kind: K } : never;

const BASE_TYPES: Readonly<Record<string, WireType>> = {
  bool: { kind: 'boolean' },
  int2: { kind: 'int16' },
  int4: { kind: 'int32' },
  int8: { kind: 'int64' },
  oid: { kind: 'int64' },
  float4: { kind: 'float32' },
  float8: { kind: 'float64' },
  money: { kind: 'money' },
  bytea: { kind: 'bytes' },
  date: { kind: 'date' },
  timetz: { kind: 'zoned-time' },
  timestamptz: { kind: 'zoned-timestamp' },
  interval: { kind: 'interval' },
  uuid: { kind: 'uuid' },
  json: { kind: 'json' },
  jsonb: { kind: 'json' },
  xml: { kind: 'xml' },
  point: { kind: 'point' },
  hstore: { kind: 'hstore' },
};

/** Debezium's adaptive precision: up to 3 fraction digits are milliseconds. */
const MAX_MILLISECOND_DIGITS = 3;

export function wireTypeOf(column: Column): WireType {
  return wireTypeOfShape(column.type, column.typmod);
}

/** The type's name as the field attribute `freshet.type` holds it: `int8`, `numeric[]`. */
export function typeName(shape: TypeShape): string {
  return shape.kind === 'array' ? `${typeName(shape.element)}[]` : shape.name;
}

/** An array column's typmod is its elements' one. */
function wireTypeOfShape(shape: TypeShape, typmod: number): WireType {
  if (shape.kind === 'enum') return { kind: 'enum', labels: shape.labels };
  if (shape.kind === 'array') {
    return { kind: 'array', element: wireTypeOfShape(shape.element, typmod), delimiter: shape.delimiter };
  }
  switch (shape.name) {
    case 'numeric':
      return numericType(typmod);
    case 'time':
    case 'timestamp':
      return {
        kind: shape.name,
        unit: typmod >= 0 && typmod <= MAX_MILLISECOND_DIGITS ? 'milliseconds' : 'microseconds',
      };
    case 'bit':
      return typmod === 1 ? { kind: 'bit' } : { kind: 'bits', length: typmod < 0 ? null : typmod };
    case 'varbit':
      return { kind: 'bits', length: typmod < 0 ? null : typmod };
    default:
      return (
        (Object.hasOwn(BASE_TYPES, shape.name) ? BASE_TYPES[shape.name] : undefined) ?? { kind: 'string' }
      );
  }
}

/**
 * Avro asks for 0 ≤ scale ≤ precision; PostgreSQL (from 15) also allows a scale below 0 and one above the
 * precision. Such a type gets the smallest Avro decimal that holds all its values.
 * The typmod's layout: `make_numeric_typmod` in PostgreSQL's numeric.c, 11 bits of signed scale.
 */
function numericType(typmod: number): WireType {
  if (typmod < 0) return { kind: 'variable-decimal' };
  const precision = ((typmod - 4) >> 16) & 0xffff;
  const scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
  if (scale < 0) return { kind: 'decimal', precision: precision - scale, scale: 0 };
  return { kind: 'decimal', precision: Math.max(precision, scale), scale };
}
