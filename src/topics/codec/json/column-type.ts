import type { Column, TypeShape } from '../../../change/table.ts';

/** Names that SQL knows beside those of `pg_type`. */
const ALIASES: Readonly<Record<string, string>> = {
  bigint: 'int8',
  integer: 'int4',
  int: 'int4',
  smallint: 'int2',
  boolean: 'bool',
  real: 'float4',
  'double precision': 'float8',
  decimal: 'numeric',
  character: 'bpchar',
  char: 'bpchar',
  'character varying': 'varchar',
  'bit varying': 'varbit',
  'time with time zone': 'timetz',
  'time without time zone': 'time',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
};

const TYPE =
  /^\s*([a-z_][a-z0-9_ ]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\)\s*((?:with|without)[a-z ]+)?)?\s*(\[\])?\s*$/;

/** A column of the type that SQL calls so: "numeric(12,2)", "timestamp(3)", "int8[]". Throws RangeError. */
export function columnOfType(name: string, sqlType: string): Column {
  const [, base, first, second, zone, isArray] = TYPE.exec(sqlType.toLowerCase()) ?? [];
  if (base === undefined) throw new RangeError(`"${sqlType}" is no type of a column`);
  const named = zone === undefined ? base : `${base} ${zone.trim()}`;
  const typname = ALIASES[named] ?? named;
  const element: TypeShape = { kind: 'base', name: typname };
  const type: TypeShape = isArray === undefined ? element : { kind: 'array', element, delimiter: ',' };
  return { name, typeOid: 0, typmod: typmodOf(typname, first, second), type };
}

function typmodOf(typname: string, first: string | undefined, second: string | undefined): number {
  if (first === undefined) return -1;
  if (typname !== 'numeric') return Number(first);
  return ((Number(first) << 16) | (Number(second ?? 0) & 0x7ff)) + 4;
}
