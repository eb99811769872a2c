import type pg from 'pg';
import { topicsOf } from '../../consumers/pipeline-runner.ts';
import { refreshDailyView } from '../../consumers/transform/daily-view.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { connect } from '../../runtime/postgres.ts';
import { atomically } from '../../runtime/transactions.ts';
import { openLane } from '../../sinks/positions.ts';
import { createKafka } from '../../topics/kafka.ts';
import { type EndOffset, endOffsets, forgetGroup, withAdmin } from '../../topics/topic-admin.ts';
import { hasMetricTables } from './expected-results.ts';
import { isConsumed, type TransformSetup } from './setup.ts';

const STATE_TABLES = [
  'freshet.transform_positions',
  'freshet.transform_competitors',
  'freshet.transform_results',
  'freshet.transform_errors',
  'freshet.transform_unknown_competitors',
];
const OF_GROUP: readonly (readonly [table: string, column: string])[] = [
  ['freshet.positions', 'group_name'],
  ['freshet.owed_keys', 'group_name'],
  ['freshet.refresh_tallies', 'group_id'],
];

/** Table → rows that a rollback removes. */
export type RollbackRows = Readonly<Record<string, number>>;

/** What a rollback would remove: the metric tables with all that refers to them, the state, the group's progress. */
export async function previewRollback(setup: TransformSetup): Promise<RollbackRows> {
  await using target = await connect(setup.config.target, 'rollback');
  return (await hasMetricTables(target)) ? await countRows(target, setup.group) : {};
}

/**
 * Empties everything that the pipeline has written, and moves its group to the log's end: what comes next
 * is a backfill, not what the log happens to hold. Throws PREFLIGHT while a process runs the pipeline.
 */
export async function rollbackTransform(setup: TransformSetup): Promise<RollbackRows> {
  if (await isConsumed(setup)) {
    throw new FreshetError('PREFLIGHT', `a process runs the pipeline: group "${setup.group}" has members`, {
      cure: 'Stop freshet run, or freshet consume transform; then roll back.',
    });
  }
  await using target = await connect(setup.config.target, 'rollback');
  if (!(await hasMetricTables(target))) return {};
  const rows = await countRows(target, setup.group);
  const ends = await endsOf(setup);
  await atomically(target, async () => {
    await target.query('TRUNCATE metric_facts CASCADE');
    await target.query(`TRUNCATE ${STATE_TABLES.join(', ')}`);
    for (const [table, column] of OF_GROUP)
      await target.query(`DELETE FROM ${table} WHERE ${column} = $1`, [setup.group]);
    for (const { topic, partition, offset } of ends)
      await openLane(target, { group: setup.group, topic, partition }, offset);
  });
  await refreshDailyView(target, { wait: true });
  await withAdmin(createKafka(setup.config.kafka), (admin) => forgetGroup(admin, setup.group));
  return rows;
}

async function endsOf({ config, source, pipeline }: TransformSetup): Promise<EndOffset[]> {
  const topics = topicsOf(source.prefix, pipeline);
  return withAdmin(createKafka(config.kafka), (admin) => endOffsets(admin, topics));
}

async function countRows(target: pg.ClientBase, group: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = async (table: string, condition: string, values: unknown[]): Promise<void> => {
    const { rows } = await target.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM ${table} WHERE ${condition}`,
      values,
    );
    counts[table] = rows[0]?.count ?? 0;
  };
  for (const table of ['metric_facts', ...(await referringTables(target)), ...STATE_TABLES])
    await count(table, 'true', []);
  for (const [table, column] of OF_GROUP) await count(table, `${column} = $1`, [group]);
  return counts;
}

/** Every table that TRUNCATE … CASCADE takes along, ours and others. */
async function referringTables(target: pg.ClientBase): Promise<string[]> {
  const { rows } = await target.query<{ name: string }>(
    `WITH RECURSIVE referring AS (
       SELECT 'metric_facts'::regclass::oid AS id
       UNION SELECT c.conrelid FROM pg_constraint c JOIN referring r ON c.confrelid = r.id WHERE c.contype = 'f')
     SELECT id::regclass::text AS name FROM referring WHERE id <> 'metric_facts'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}
