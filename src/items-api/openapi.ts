import { z } from 'zod';
import { bodySchema, itemSchema } from './item-schema.ts';

interface Limits {
  readonly maxItems: number;
  readonly maxBodyBytes: number;
}

const PROBLEM = {
  type: 'object',
  required: ['title', 'status', 'detail'],
  properties: { title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string' } },
};

const RESULTS = {
  type: 'object',
  required: ['results'],
  additionalProperties: false,
  properties: {
    results: {
      type: 'array',
      description: 'one for each item, in their order',
      items: {
        type: 'object',
        required: ['status'],
        additionalProperties: false,
        properties: {
          status: { type: 'integer', enum: [202, 422] },
          error: { type: 'string', description: 'what is wrong with the item; only with 422' },
        },
      },
    },
  },
};

/** The OpenAPI document of the endpoint, made of the schemas that it checks by. */
export function openApiDocument({ maxItems, maxBodyBytes }: Limits): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Freshet items API',
      version: '1',
      description:
        'Takes products for the items table. What is accepted stands in a topic, and is normalised as every other product is.',
    },
    paths: { '/v1/items:upsert': { post: operation(maxItems, maxBodyBytes) } },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'webhook-signature',
          description:
            'Standard Webhooks: base64 of HMAC-SHA256 over "<webhook-id>.<webhook-timestamp>.<body>", behind "v1,"',
        },
      },
      schemas: { Item: itemJsonSchema(), Problem: PROBLEM, Results: RESULTS },
    },
  };
}

function operation(maxItems: number, maxBodyBytes: number): object {
  return {
    operationId: 'upsertItems',
    security: [{ token: [] }, { signature: [] }],
    parameters: [
      header(
        'idempotency-key',
        'with a token: a request with a known key changes nothing, and is answered as before',
        { minLength: 1, maxLength: 300 },
      ),
      header('webhook-id', 'with a signature; does the work of the idempotency-key'),
      header('webhook-timestamp', 'with a signature: Unix seconds'),
    ],
    requestBody: {
      required: true,
      description: `at most ${maxBodyBytes} bytes of UTF-8`,
      content: { 'application/json': { schema: requestSchema(maxItems) } },
    },
    responses: {
      200: answer('every item is accepted', '#/components/schemas/Results'),
      207: answer('some items are refused, or all; the others are accepted', '#/components/schemas/Results'),
      ...Object.fromEntries(PROBLEMS.map(([status, what]) => [status, problemAnswer(what)])),
    },
  };
}

const PROBLEMS: readonly (readonly [number, string])[] = [
  [400, 'not UTF-8, not JSON, or no list of items'],
  [401, 'no token or signature that is known, or a time too far from now'],
  [409, 'a request with the same id is being worked on: try again'],
  [413, 'too many bytes or items'],
  [415, 'not application/json'],
  [422, 'the id was used for another request'],
  [429, 'too much is being worked on: try again after Retry-After'],
  [503, 'the items cannot be kept now: try again after Retry-After'],
];

function requestSchema(maxItems: number): object {
  const { $schema: _, ...schema } = z.toJSONSchema(bodySchema);
  return {
    ...schema,
    properties: {
      items: { type: 'array', minItems: 1, maxItems, items: { $ref: '#/components/schemas/Item' } },
    },
  };
}

function itemJsonSchema(): object {
  const { $schema: _, ...schema } = z.toJSONSchema(itemSchema, { io: 'input' });
  return schema;
}

function header(name: string, description: string, limits: object = {}): object {
  return { name, in: 'header', required: false, description, schema: { type: 'string', ...limits } };
}

function answer(description: string, schema: string): object {
  return { description, content: { 'application/json': { schema: { $ref: schema } } } };
}

function problemAnswer(description: string): object {
  return {
    description,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}
