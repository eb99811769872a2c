import type { AvroSchema } from './table-schemas.ts';

/** A schema node with its names resolved; `attributes` are the ones beside it, Connect's among them. */
export type AvroNode =
  | { readonly kind: 'primitive'; readonly type: Primitive; readonly attributes: Attributes }
  | { readonly kind: 'union'; readonly branches: readonly AvroNode[] }
  | { readonly kind: 'array' | 'map'; readonly element: AvroNode; readonly attributes: Attributes }
  | {
      readonly kind: 'record';
      readonly name: string;
      readonly fields: readonly AvroField[];
      readonly attributes: Attributes;
    }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'fixed'; readonly size: number; readonly attributes: Attributes };

export interface AvroField {
  readonly name: string;
  readonly node: AvroNode;
  readonly attributes: Attributes;
}

export type Attributes = Readonly<Record<string, unknown>>;
export type Primitive = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

const PRIMITIVES: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

/**
 * Reads a schema's JSON (the Avro specification, "Schema Declaration"). Recursive types are refused:
 * neither Freshet nor Debezium's PostgreSQL connector writes any. Throws RangeError.
 */
export function resolveSchema(schema: AvroSchema): AvroNode {
  return new SchemaResolver().resolve(schema, '');
}

/** An attribute's text, or null where it is no string. */
export function textAttribute(attributes: Attributes, name: string): string | null {
  const value = attributes[name];
  return typeof value === 'string' ? value : null;
}

/** One of Connect's parameters of a schema, "scale" or "length". */
export function connectParameter(attributes: Attributes, name: string): string | null {
  const parameters = attributes['connect.parameters'];
  if (parameters === null || typeof parameters !== 'object') return null;
  return textAttribute(parameters as Attributes, name);
}

class SchemaResolver {
  readonly #named = new Map<string, AvroNode>();

  resolve(schema: AvroSchema, namespace: string): AvroNode {
    if (typeof schema === 'string') return this.#byName(schema, namespace, {});
    if (isUnion(schema)) {
      return { kind: 'union', branches: schema.map((branch) => this.resolve(branch, namespace)) };
    }
    const type = schema['type'] as AvroSchema;
    if (typeof type !== 'string') return this.resolve(type, namespace);
    switch (type) {
      case 'array':
      case 'map': {
        const element = schema[type === 'array' ? 'items' : 'values'] as AvroSchema;
        return { kind: type, element: this.resolve(element, namespace), attributes: schema };
      }
      case 'record':
      case 'enum':
      case 'fixed':
        return this.#define(type, schema, namespace);
      default:
        return this.#byName(type, namespace, schema);
    }
  }

  #define(type: 'record' | 'enum' | 'fixed', schema: Attributes, namespace: string): AvroNode {
    const own = textAttribute(schema, 'namespace') ?? namespace;
    const name = fullName(String(schema['name']), own);
    const node = this.#definition(type, schema, name);
    this.#named.set(name, node);
    return node;
  }

  #definition(type: 'record' | 'enum' | 'fixed', schema: Attributes, name: string): AvroNode {
    if (type === 'enum') return { kind: 'enum', symbols: schema['symbols'] as readonly string[] };
    if (type === 'fixed') return { kind: 'fixed', size: Number(schema['size']), attributes: schema };
    const inner = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    const fields = (schema['fields'] as readonly Attributes[]).map((field) => ({
      name: String(field['name']),
      node: this.resolve(field['type'] as AvroSchema, inner),
      attributes: field,
    }));
    return { kind: 'record', name, fields, attributes: schema };
  }

  #byName(name: string, namespace: string, attributes: Attributes): AvroNode {
    if (PRIMITIVES.has(name)) return { kind: 'primitive', type: name as Primitive, attributes };
    const node = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name);
    if (node === undefined) throw new RangeError(`the schema refers to "${name}" before it defines it`);
    return node;
  }
}

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}
