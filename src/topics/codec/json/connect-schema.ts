import type { Attributes, AvroField, AvroNode, Primitive } from '../avro-types.ts';

/** A schema as Connect's JsonConverter writes it beside each payload. */
type ConnectSchema = Readonly<Record<string, unknown>>;

const PRIMITIVES: Readonly<Record<string, Primitive>> = {
  boolean: 'boolean',
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'long',
  float: 'float',
  float32: 'float',
  double: 'double',
  float64: 'double',
  bytes: 'bytes',
  string: 'string',
};

/** The Avro schema that Connect's Avro converter would have made of it, meanings included. Throws RangeError. */
export function connectNode(schema: ConnectSchema): AvroNode {
  const node = requiredNode(schema);
  if (schema['optional'] !== true) return node;
  return { kind: 'union', branches: [{ kind: 'primitive', type: 'null', attributes: {} }, node] };
}

function requiredNode(schema: ConnectSchema): AvroNode {
  const type = String(schema['type']);
  const attributes = attributesOf(schema);
  switch (type) {
    case 'struct':
      return { kind: 'record', name: textOf(schema['name']), fields: fieldsOf(schema), attributes };
    case 'array':
      return { kind: 'array', element: connectNode(schemaOf(schema['items'])), attributes };
    case 'map':
      return { kind: 'map', element: connectNode(schemaOf(schema['values'])), attributes };
    default: {
      const primitive = Object.hasOwn(PRIMITIVES, type) ? PRIMITIVES[type] : undefined;
      if (primitive === undefined) throw new RangeError(`"${type}" is no type of Connect's schemas`);
      return { kind: 'primitive', type: primitive, attributes };
    }
  }
}

function fieldsOf(schema: ConnectSchema): AvroField[] {
  const fields: unknown = schema['fields'];
  if (!Array.isArray(fields)) throw new RangeError('a struct of the schema has no fields');
  return fields.map((field: unknown) => {
    const type = schemaOf(field);
    return { name: textOf(type['field']), node: connectNode(type), attributes: {} };
  });
}

function attributesOf(schema: ConnectSchema): Attributes {
  return { 'connect.name': schema['name'], 'connect.parameters': schema['parameters'] };
}

function schemaOf(value: unknown): ConnectSchema {
  if (typeof value === 'object' && value !== null) return value as ConnectSchema;
  throw new RangeError('a part of the schema is no object');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
