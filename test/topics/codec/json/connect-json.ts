import type { AvroSchema } from '../../../../src/topics/codec/table-schemas.ts';

type Node = Readonly<Record<string, unknown>>;

const TYPES: Readonly<Record<string, string>> = { int: 'int32', long: 'int64' };

/** Connect's own schema of an Avro schema, as JsonConverter writes it: what connectNode undoes. */
export function connectSchema(schema: AvroSchema, named = new Map<string, Node>()): Node {
  if (Array.isArray(schema)) {
    const branch = (schema as readonly AvroSchema[]).find((each) => each !== 'null');
    return { ...connectSchema(branch ?? 'null', named), optional: true };
  }
  if (typeof schema === 'string')
    return named.get(schema) ?? { type: TYPES[schema] ?? schema, optional: false };
  const node = schema as Node;
  const type = node['type'] as AvroSchema;
  if (typeof type !== 'string') return connectSchema(type, named);
  const parts: Record<string, unknown> = { optional: false };
  if (node['connect.name'] !== undefined) parts['name'] = node['connect.name'];
  if (node['connect.parameters'] !== undefined) parts['parameters'] = node['connect.parameters'];
  switch (type) {
    case 'record': {
      const fields = (node['fields'] as readonly Node[]).map((field) => ({
        ...connectSchema(field['type'] as AvroSchema, named),
        field: String(field['name']),
      }));
      const struct = { type: 'struct', fields, ...parts };
      named.set(`${String(node['namespace'])}.${String(node['name'])}`, struct);
      return struct;
    }
    case 'array':
      return { type: 'array', items: connectSchema(node['items'] as AvroSchema, named), ...parts };
    default:
      return { type: TYPES[type] ?? type, ...parts };
  }
}

/** A value that avsc read, as Jackson writes it: bytes in base64, every digit of a long. */
export function connectJson(value: unknown): string {
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('base64'));
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return JSON.stringify(String(value));
  if (Array.isArray(value)) return `[${value.map(connectJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([name, each]) => `${JSON.stringify(name)}:${connectJson(each)}`,
    );
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The schema without the attributes that only Freshet writes. */
export function asDebezium(schema: AvroSchema): AvroSchema {
  return JSON.parse(
    JSON.stringify(schema, (name, value: unknown) => (name === 'freshet.type' ? undefined : value)),
  ) as AvroSchema;
}
