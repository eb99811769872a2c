import { describe, expect, it } from 'vitest';

import { tupleFromTexts } from '../../src/change/tuple.ts';
import { createRecordDecoder } from '../../src/topics/codec/record-decoder.ts';
import { createTableCodec } from '../../src/topics/codec/table-codec.ts';
import { createRegistry } from '../../src/topics/registry.ts';
import { closedPort } from '../support/local-server.ts';
import { services } from '../support/services.ts';
import { base, column, created, recordOf, table } from './codec/wire.ts';

const COLUMNS = [column('id', base('oid')), column('größe', base('numeric'))];

/** A prefix of its own for each test: subjects outlive a test. */
function freshPrefix(): string {
  return `reg${process.pid}x${Math.trunc(performance.now() * 1000)}`;
}

/** The registry's own HTTP interface, beside the client. */
async function put(path: string, body: object): Promise<void> {
  const response = await fetch(`${services().registryUrl}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

describe('a schema registry', () => {
  it('gives back what was registered, our attributes included', async () => {
    const prefix = freshPrefix();
    const options = { schema: table(COLUMNS), prefix, database: 'shopdb' };
    const codec = await createTableCodec({
      ...options,
      registry: createRegistry({ url: services().registryUrl }),
    });
    const decoder = createRecordDecoder(createRegistry({ url: services().registryUrl }));
    const record = recordOf(codec, created(tupleFromTexts(['4294967295', '1.50'])));
    await decoder.prepare([record]);
    expect(decoder.decode(record)).toMatchObject({ key: { id: 4_294_967_295 }, after: { größe: '1.50' } });
  });

  it('gives one id for one schema, to every process', async () => {
    const options = { schema: table(COLUMNS), prefix: freshPrefix(), database: 'shopdb' };
    const first = await createTableCodec({
      ...options,
      registry: createRegistry({ url: services().registryUrl }),
    });
    const second = await createTableCodec({
      ...options,
      registry: createRegistry({ url: services().registryUrl }),
    });
    expect([second.keySchemaId, second.valueSchemaId]).toEqual([first.keySchemaId, first.valueSchemaId]);
  });

  it('may hold a subject to any compatibility, and columns may come and go', async () => {
    const prefix = freshPrefix();
    const subject = `${prefix}.shop.orders-value`;
    const registry = createRegistry({ url: services().registryUrl });
    const options = { prefix, database: 'shopdb', registry };
    const before = await createTableCodec({ ...options, schema: table(COLUMNS) });
    await put(`/config/${encodeURIComponent(subject)}`, { compatibility: 'FULL' });
    const after = await createTableCodec({
      ...options,
      schema: table([...COLUMNS, column('note', base('text'))]),
    });
    expect(after.valueSchemaId).not.toBe(before.valueSchemaId);
    const again = await createTableCodec({ ...options, schema: table(COLUMNS) });
    expect(again.valueSchemaId).toBe(before.valueSchemaId);
  });

  it('that refuses a schema stops the table, naming the subject', async () => {
    const prefix = freshPrefix();
    const options = { prefix, database: 'shopdb', registry: createRegistry({ url: services().registryUrl }) };
    await createTableCodec({ ...options, schema: table(COLUMNS) });
    await put(`/config/${encodeURIComponent(`${prefix}.shop.orders-value`)}`, { compatibility: 'BACKWARD' });
    const retyped = table([column('id', base('oid')), column('größe', base('bool'))]);
    await expect(createTableCodec({ ...options, schema: retyped })).rejects.toMatchObject({
      code: 'SCHEMA_REFUSED',
      message: expect.stringContaining(`${prefix}.shop.orders-value`),
    });
  });

  it('does not know every id', async () => {
    const registry = createRegistry({ url: services().registryUrl });
    await expect(registry.schemaById(2_000_000_000)).rejects.toMatchObject({ code: 'RECORD_INVALID' });
  });
});

describe('a registry that does not answer', () => {
  it('is CONNECTION, after some attempts', async () => {
    const port = await closedPort();
    const registry = createRegistry({ url: `http://127.0.0.1:${port}` });
    await expect(registry.schemaById(1)).rejects.toMatchObject({
      code: 'CONNECTION',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });
});
