import type { ClientBase } from 'pg';
import { z } from 'zod';
import { atomically } from '../../../runtime/transactions.ts';
import type { LookUpResults } from '../../look-ups.ts';
import { productRow } from '../items.ts';
import { productTexts, SNAPSHOT_COLUMNS } from './product-rows.ts';
import { snapshotTable } from './snapshot-tables.ts';

const NOTHING = SNAPSHOT_COLUMNS.map((column) => `NULL::text AS ${column}`).join(', ');
const NO_ROWS = `SELECT ${NOTHING} WHERE false`;

/**
 * While a snapshot is pinned, an item is what the snapshot says of its sku, whatever comes. A batch reads the
 * pin first, and so holds it until it commits: who sets it waits for the batches that run, and those to come
 * see the new one.
 */
export const PIN_SQL = `
  CREATE TABLE IF NOT EXISTS freshet.catalog_pin (snapshot text, pinned_at timestamptz);
  INSERT INTO freshet.catalog_pin SELECT NULL, NULL WHERE NOT EXISTS (SELECT FROM freshet.catalog_pin);
  DO $$ BEGIN
    IF to_regclass('freshet.catalog_pinned') IS NULL THEN
      CREATE VIEW freshet.catalog_pinned AS ${NO_ROWS};
    END IF;
  END $$`;

const PIN = 'pin';
const PIN_KEYS: readonly string[] = [PIN];

/** For a pipeline's `lookUps`, in this order. */
export const pinLookUps = {
  pin: {
    sql: `SELECT ($1::text[])[1] AS key, snapshot FROM freshet.catalog_pin WHERE snapshot IS NOT NULL`,
    statement: 'freshet_catalog_pin',
    row: z.object({ snapshot: z.string() }),
    keysOf: (): readonly string[] => PIN_KEYS,
  },
  pinned: {
    sql: `SELECT sku AS key, p.* FROM freshet.catalog_pinned AS p WHERE sku = ANY ($1::text[])`,
    row: productRow,
    keysOf: ({ key }: { readonly key: Readonly<Record<string, unknown>> }): readonly string[] => [
      String(key['sku']),
    ],
    isNeeded: ({ pin }: LookUpResults): boolean => pin !== undefined && isPinned(pin),
  },
};

/** Whether the look-up found a pin. */
export function isPinned(found: { get(key: string): unknown }): boolean {
  return found.get(PIN) !== undefined;
}

export async function readPin(client: ClientBase): Promise<string | null> {
  const { rows } = await client.query<{ snapshot: string | null }>(
    'SELECT snapshot FROM freshet.catalog_pin',
  );
  return rows[0]?.snapshot ?? null;
}

/** Null: items follow their sources again, from the next batch on. */
export async function setPin(client: ClientBase, snapshot: string | null): Promise<void> {
  await atomically(client, async () => {
    await client.query('LOCK TABLE freshet.catalog_pin IN ACCESS EXCLUSIVE MODE');
    await client.query(`CREATE OR REPLACE VIEW freshet.catalog_pinned AS ${await rowsOf(client, snapshot)}`);
    await client.query(
      `UPDATE freshet.catalog_pin SET snapshot = $1::text, pinned_at = CASE WHEN $1::text IS NULL THEN NULL ELSE now() END`,
      [snapshot],
    );
  });
}

async function rowsOf(client: ClientBase, snapshot: string | null): Promise<string> {
  if (snapshot === null) return NO_ROWS;
  const table = snapshotTable(snapshot);
  return `SELECT ${await productTexts({ client, table })} FROM ${table}`;
}
