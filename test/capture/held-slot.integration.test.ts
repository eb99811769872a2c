import { expect, it } from 'vitest';
import { dropHeldSlot } from '../../src/capture/held-slot.ts';
import { connect } from '../../src/runtime/postgres.ts';
import { ReplicationStream } from '../../src/source/replication-stream.ts';
import { dropSlot, readSlot } from '../../src/source/slot.ts';
import { createDatabase } from '../support/database.ts';

it('a slot that another connection holds is not dropped before that connection is ended', async () => {
  await using database = await createDatabase();
  const slot = `held_${database.name}`;
  await database.pool.query('CREATE PUBLICATION everything');
  await database.pool.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  const connection = { url: database.url };
  await using _holder = await ReplicationStream.open({
    connection,
    slot,
    publication: 'everything',
    queueBytes: 1 << 20,
  });
  await using control = await connect(connection, 'control');
  await expect(dropSlot(control, slot)).rejects.toMatchObject({ code: 'SLOT_BUSY' });
  await dropHeldSlot(control, { slot, slotTimeoutMs: 60_000 });
  expect(await readSlot(control, slot)).toBeNull();
  await expect(dropHeldSlot(control, { slot, slotTimeoutMs: 60_000 })).resolves.toBeUndefined();
});
