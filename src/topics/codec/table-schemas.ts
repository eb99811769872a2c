import type { Column, TableSchema } from '../../change/table.ts';
import { fieldNames, recordNamespace } from '../names.ts';
import { typeName, type WireType, wireTypeOf } from './wire-type.ts';

/** A schema in Avro's JSON form. */
export type AvroSchema = string | readonly AvroSchema[] | { readonly [attribute: string]: unknown };

/** A column's name in the database, on fields whose Avro name had to differ. */
export const COLUMN_ATTRIBUTE = 'freshet.column';
/** A column's PostgreSQL type, on every field: a decoder tells oid from int8 by it. */
export const TYPE_ATTRIBUTE = 'freshet.type';

const SNAPSHOT_LABELS = 'true,first,first_in_data_collection,last_in_data_collection,last,false,incremental';

/** The schema of a topic's keys: the key's columns, in the key's order, none of them optional. */
export function keySchema(prefix: string, schema: TableSchema): AvroSchema {
  const fields = columnFields(schema);
  const defined = new Set<string>();
  return record(
    recordNamespace(prefix, schema.id),
    'Key',
    {},
    schema.key.map((index) => fields(index, defined, false)),
  );
}

/** The schema of a topic's values: Debezium's envelope. Every column is optional: docs/decisions/0002. */
export function valueSchema(prefix: string, schema: TableSchema): AvroSchema {
  const namespace = recordNamespace(prefix, schema.id);
  const fields = columnFields(schema);
  const defined = new Set<string>();
  const row = record(
    namespace,
    'Value',
    {},
    schema.columns.map((_, index) => fields(index, defined, true)),
  );
  return record(namespace, 'Envelope', { 'connect.version': 2 }, [
    optional('before', row),
    optional('after', `${namespace}.Value`),
    { name: 'source', type: SOURCE },
    optional('transaction', TRANSACTION),
    { name: 'op', type: 'string' },
    optional('ts_ms', 'long'),
    optional('ts_us', 'long'),
    optional('ts_ns', 'long'),
  ]);
}

/** The schema of one optional column. */
export function columnSchema(column: Column): AvroSchema {
  return ['null', avroTypeOf(wireTypeOf(column), new Set())];
}

/** The Avro type of a column; `defined` holds the named types that this schema has defined so far. */
function avroTypeOf(type: WireType, defined: Set<string>): AvroSchema {
  switch (type.kind) {
    case 'boolean':
    case 'bit':
      return 'boolean';
    case 'int16':
      return { type: 'int', 'connect.type': 'int16' };
    case 'int32':
      return 'int';
    case 'int64':
      return 'long';
    case 'float32':
      return 'float';
    case 'float64':
      return 'double';
    case 'bytes':
    case 'string':
      return type.kind;
    case 'array':
      return { type: 'array', items: ['null', avroTypeOf(type.element, defined)] };
    case 'variable-decimal':
      return named('io.debezium.data', 'VariableScaleDecimal', defined, 'Variable scaled decimal', [
        { name: 'scale', type: 'int' },
        { name: 'value', type: 'bytes' },
      ]);
    case 'point':
      return named('io.debezium.data.geometry', 'Point', defined, 'Geometry (POINT)', [
        { name: 'x', type: 'double' },
        { name: 'y', type: 'double' },
        optional('wkb', 'bytes'),
        optional('srid', 'int'),
      ]);
    default:
      return semanticType(type);
  }
}

type SemanticKind =
  | 'uuid'
  | 'json'
  | 'hstore'
  | 'xml'
  | 'enum'
  | 'decimal'
  | 'money'
  | 'bits'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'zoned-time'
  | 'zoned-timestamp'
  | 'interval';
type SemanticType = Extract<WireType, { kind: SemanticKind }>;

function semanticType(type: SemanticType): AvroSchema {
  switch (type.kind) {
    case 'uuid':
      return semantic('string', 'io.debezium.data.Uuid');
    case 'json':
    case 'hstore':
      return semantic('string', 'io.debezium.data.Json');
    case 'xml':
      return semantic('string', 'io.debezium.data.Xml');
    case 'enum':
      return semantic('string', 'io.debezium.data.Enum', { allowed: type.labels.join(',') });
    case 'decimal':
      return decimal(type.scale, type.precision);
    case 'money':
      return decimal(2, null);
    case 'bits':
      return semantic('bytes', 'io.debezium.data.Bits', { length: String(type.length ?? 0x7fffffff) });
    case 'date':
      return semantic('int', 'io.debezium.time.Date');
    case 'time':
      return type.unit === 'milliseconds'
        ? semantic('int', 'io.debezium.time.Time')
        : semantic('long', 'io.debezium.time.MicroTime');
    case 'timestamp':
      return semantic(
        'long',
        `io.debezium.time.${type.unit === 'milliseconds' ? 'Timestamp' : 'MicroTimestamp'}`,
      );
    case 'zoned-time':
      return semantic('string', 'io.debezium.time.ZonedTime');
    case 'zoned-timestamp':
      return semantic('string', 'io.debezium.time.ZonedTimestamp');
    case 'interval':
      return semantic('long', 'io.debezium.time.MicroDuration');
  }
}

function columnFields(schema: TableSchema) {
  const names = fieldNames(schema.columns.map((column) => column.name));
  return (index: number, defined: Set<string>, nullable: boolean): AvroSchema => {
    const column = schema.columns[index];
    const name = names[index];
    if (column === undefined || name === undefined) {
      throw new RangeError(
        `key column ${index} of ${schema.id.name}: the table has ${schema.columns.length} columns`,
      );
    }
    const type = avroTypeOf(wireTypeOf(column), defined);
    return {
      name,
      ...(nullable ? { type: ['null', type], default: null } : { type }),
      [TYPE_ATTRIBUTE]: typeName(column.type),
      ...(name === column.name ? {} : { [COLUMN_ATTRIBUTE]: column.name }),
    };
  };
}

function record(namespace: string, name: string, extra: object, fields: readonly AvroSchema[]): AvroSchema {
  return { type: 'record', name, namespace, fields, ...extra, 'connect.name': `${namespace}.${name}` };
}

function optional(name: string, type: AvroSchema): AvroSchema {
  return { name, type: ['null', type], default: null };
}

/** Avro defines a named type once, and then refers to it. */
function named(
  ns: string,
  name: string,
  defined: Set<string>,
  doc: string,
  fields: readonly AvroSchema[],
): AvroSchema {
  const fullName = `${ns}.${name}`;
  if (defined.has(fullName)) return fullName;
  defined.add(fullName);
  return record(ns, name, { 'connect.doc': doc, 'connect.version': 1 }, fields);
}

function semantic(type: string, name: string, parameters?: Readonly<Record<string, string>>): AvroSchema {
  return {
    type,
    'connect.version': 1,
    ...(parameters === undefined ? {} : { 'connect.parameters': parameters }),
    'connect.name': name,
  };
}

/** As Connect's Avro converter writes its Decimal; 64 digits is what it assumes where none are declared. */
function decimal(scale: number, precision: number | null): AvroSchema {
  return {
    type: 'bytes',
    scale,
    precision: precision ?? 64,
    'connect.version': 1,
    'connect.parameters': {
      scale: String(scale),
      ...(precision === null ? {} : { 'connect.decimal.precision': String(precision) }),
    },
    'connect.name': 'org.apache.kafka.connect.data.Decimal',
    logicalType: 'decimal',
  };
}

const SOURCE = record('io.debezium.connector.postgresql', 'Source', { 'connect.version': 1 }, [
  { name: 'version', type: 'string' },
  { name: 'connector', type: 'string' },
  { name: 'name', type: 'string' },
  { name: 'ts_ms', type: 'long' },
  {
    name: 'snapshot',
    type: [
      {
        type: 'string',
        'connect.version': 1,
        'connect.parameters': { allowed: SNAPSHOT_LABELS },
        'connect.default': 'false',
        'connect.name': 'io.debezium.data.Enum',
      },
      'null',
    ],
    default: 'false',
  },
  { name: 'db', type: 'string' },
  optional('sequence', 'string'),
  optional('ts_us', 'long'),
  optional('ts_ns', 'long'),
  { name: 'schema', type: 'string' },
  { name: 'table', type: 'string' },
  optional('txId', 'long'),
  optional('lsn', 'long'),
  optional('xmin', 'long'),
]);

const TRANSACTION = record('event', 'block', { 'connect.version': 1 }, [
  { name: 'id', type: 'string' },
  { name: 'total_order', type: 'long' },
  { name: 'data_collection_order', type: 'long' },
]);
