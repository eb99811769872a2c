import { queryAt } from './database.ts';
import { services } from './services.ts';

/** `blocked by` names the backends that are waited for. */
const SESSIONS = `
  SELECT concat_ws(' ', pid, datname, application_name, state, wait_event_type || '/' || wait_event,
           'in a transaction for ' || (now() - xact_start), 'blocked by ' || nullif(array_to_string(pg_blocking_pids(pid), ', '), ''),
           left(regexp_replace(query, '\\s+', ' ', 'g'), 100)) AS line
    FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL AND (state <> 'idle' OR xact_start IS NOT NULL)
   ORDER BY xact_start NULLS LAST LIMIT 12`;
const SLOTS = `
  SELECT concat_ws(' ', 'slot', slot_name, database, CASE WHEN active THEN 'active' ELSE 'inactive' END, wal_status, confirmed_flush_lsn) AS line
    FROM pg_replication_slots LIMIT 12`;

/** What the run's PostgreSQL and this process are busy with: for a test that waited in vain. A line each. */
export async function whatRuns(): Promise<string[]> {
  const rows = await Promise.all([SESSIONS, SLOTS].map((sql) => queryAt(services().sourceUrl, sql))).catch(
    (error: unknown) => [[{ line: `the source cannot be asked: ${String(error)}` }]],
  );
  const resources = Object.groupBy(process.getActiveResourcesInfo(), (name) => name);
  const held = Object.entries(resources).map(([name, each]) => `${each?.length} ${name}`);
  return [...rows.flat().map(({ line }) => String(line)), `this process holds ${held.join(', ')}`];
}
