import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ItemsServerContext } from '../support/items-server.ts';

interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      { readonly post: { readonly requestBody: Body; readonly responses: Readonly<Record<string, object>> } }
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
interface Body {
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface PostedItem {
  readonly key: string;
  readonly op?: string;
  readonly version?: string | null;
}

const NO_NUL = '^[^\\u0000]*$';

/** Values that the schema allows. */
function valuesOf(schema: Schema, named: OpenApi['components']['schemas']): fc.Arbitrary<unknown> {
  const { $ref, anyOf, enum: words, type } = schema;
  if ($ref !== undefined) return valuesOf(named[$ref.split('/').at(-1) ?? ''] ?? {}, named);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((each) => valuesOf(each, named)));
  if (words !== undefined) return fc.constantFrom(...words);
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'number':
      return fc.oneof(
        fc.integer({ min: 0, max: 1_000_000 }).map((cents) => cents / 100),
        fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1, noNaN: true }),
      );
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, named), { minLength: schema.minItems ?? 0, maxLength: 6 });
    case 'object': {
      const fields = Object.entries(schema.properties ?? {});
      const arbitraries = Object.fromEntries(fields.map(([name, each]) => [name, valuesOf(each, named)]));
      return fc.record(arbitraries, { requiredKeys: [...(schema.required ?? [])] });
    }
    case 'string':
      return textsOf(schema);
    default:
      throw new Error(`no values for ${JSON.stringify(schema)}`);
  }
}

function textsOf({ pattern = NO_NUL, minLength = 0, maxLength = 20 }: Schema): fc.Arbitrary<string> {
  if (pattern !== NO_NUL) return fc.stringMatching(new RegExp(pattern));
  const short = { minLength, maxLength: Math.min(maxLength, 12) };
  const few = fc.constantFrom('a', 'b', 'ß', '😀', '\\', '"');
  return fc.oneof(few, fc.string({ unit: 'grapheme', ...short })).filter((text) => !text.includes('\u0000'));
}

/** What the items are after the accepted ones, in their order: SKU → the position of the one that stands. */
class Model {
  readonly items = new Set<string>();
  readonly #versions = new Map<string, string>();

  accept({ key, op, version }: PostedItem): void {
    const last = this.#versions.get(key);
    if (version !== null && version !== undefined) {
      if (last !== undefined && Buffer.compare(Buffer.from(version), Buffer.from(last)) <= 0) return;
      this.#versions.set(key, version);
    }
    if (op === 'delete') this.items.delete(key);
    else this.items.add(key);
  }
}

it('whatever its schema allows, and what it does not, is answered as the document says, and the items are what was accepted', async () => {
  await using context = await ItemsServerContext.open();
  const answer = await fetch(new URL('/v1/openapi.json', context.url));
  const { paths, components } = (await answer.json()) as OpenApi;
  const operation = paths['/v1/items:upsert']?.post;
  const schema = operation?.requestBody.content['application/json']?.schema;
  if (operation === undefined || schema?.properties === undefined)
    throw new Error('the document has no schema');
  const item = valuesOf(schema.properties['items']?.items ?? {}, components.schemas);
  const items = fc.array(fc.oneof({ weight: 5, arbitrary: item }, { weight: 1, arbitrary: fc.jsonValue() }), {
    minLength: 1,
    maxLength: 8,
  });
  const good = items.map((list) => ({ items: list }));
  const body = fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: fc.jsonValue() });
  const model = new Model();
  const documented = new Set(Object.keys(operation.responses));
  let accepted = 0;
  const isAnsweredWell = async (value: unknown): Promise<boolean> => {
    const { status, detail, results } = await context.post(JSON.stringify(value));
    if (!documented.has(String(status))) return false;
    if (status >= 300) return detail !== '';
    const sent = (JSON.parse(JSON.stringify(value)) as { items: PostedItem[] }).items;
    for (const [index, one] of sent.entries()) {
      if (results[index]?.status !== 202) continue;
      model.accept(one);
      accepted += 1;
    }
    const refused = results.filter((each) => each.status !== 202);
    return (
      results.length === sent.length && refused.every((each) => each.status === 422 && each.error !== '')
    );
  };
  // A failing case cannot be made smaller: the model remembers.
  await fc.assert(fc.asyncProperty(body, isAnsweredWell), { numRuns: 300, endOnFailure: true });
  expect(accepted).toBeGreaterThan(100);
  await context.settled();
  const there = (await context.items()).map(({ sku }) => String(sku));
  expect(new Set(there)).toEqual(model.items);
});
