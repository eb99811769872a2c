import type { Pool } from 'pg';

/**
 * Writes of rows for which `condition` is true wait until it is opened: `event` is of the trigger that stops them,
 * `UPDATE ON urls`.
 */
export async function closeGate(
  pool: Pool,
  event: string,
  condition: string,
): Promise<{ open(): Promise<void> }> {
  await pool.query(`
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END $$;
    CREATE TRIGGER wait_at_gate BEFORE ${event} FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION wait_at_gate()`);
  // Of a session: a transaction with locks of rows would keep the slot from being made.
  const holder = await pool.connect();
  await holder.query('SELECT pg_advisory_lock(1)');
  return {
    async open() {
      await holder.query('SELECT pg_advisory_unlock(1)');
      holder.release();
    },
  };
}
