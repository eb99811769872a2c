import { Client } from 'pg';
import { expect, it } from 'vitest';
import { createDatabase } from './database.ts';
import { services } from './services.ts';

it('a test database is gone at the end of its scope, with the slot and the connection left in it', async () => {
  let name: string;
  const forgotten = { client: new Client() };
  {
    await using database = await createDatabase();
    name = database.name;
    forgotten.client = new Client({ connectionString: database.url });
    forgotten.client.on('error', () => undefined);
    await forgotten.client.connect();
    await database.pool.query(`SELECT pg_create_logical_replication_slot('left_in_${name}', 'pgoutput')`);
  }
  const admin = new Client({ connectionString: services().sourceUrl });
  await admin.connect();
  try {
    const { rows } = await admin.query('SELECT datname FROM pg_database WHERE datname = $1', [name]);
    expect(rows).toEqual([]);
  } finally {
    await admin.end();
    await forgotten.client.end();
  }
});
