import type { ClientBase } from 'pg';
import { formatTable } from '../../change/table.ts';
import { FreshetError } from '../../runtime/errors.ts';
import type { WriteCounts } from '../../sinks/row-writer.ts';
import { targetTable, type TargetTable } from '../../sinks/target-table.ts';
import { definePipeline, type Pipeline, sourceTable } from '../define-pipeline.ts';
import { transformCompanion } from './companion.ts';
import type { TargetName } from './fact-rows.ts';
import type { IdType } from './field.ts';
import { transformMigrations } from './migrations.ts';
import { type Recomputed, ResultTransaction, type SourceName } from './recompute.ts';
import { competitorShape, positionShape } from './source-rows.ts';
import type { TableWrites, Writes } from './target-writer.ts';

export interface TransformSettings {
  /** "schema.table" of the flat rows. */
  readonly positionsTable: string;
  readonly competitorsTable: string;
  /** Type of brand_id, customer_id, query_id and competitor_id. */
  readonly ids: IdType;
  /** The daily view is refreshed this long after a change; null: not at all. */
  readonly mvRefreshDebounceMs: number | null;
}

const TRANSFORM = 'transform';

/** Turns the flat rows of collector results into the metric tables: docs/transform.md. */
export function transformPipeline(settings: TransformSettings): Pipeline {
  const { positionsTable, competitorsTable, ids, mvRefreshDebounceMs } = settings;
  // Names first: results that find theirs at once are computed once.
  const sources = {
    competitors: sourceTable(competitorsTable, competitorShape),
    positions: sourceTable(positionsTable, positionShape),
  };
  if (competitorsTable === positionsTable)
    throw new FreshetError('CONFIG_INVALID', `transform: both tables are "${positionsTable}"`);
  const competitors = formatTable(sources.competitors.table);
  const open = new WeakMap<object, ResultTransaction>();
  const transactionOf = (work: object, client: ClientBase): ResultTransaction => {
    const known = open.get(work) ?? new ResultTransaction(client, ids);
    open.set(work, known);
    return known;
  };
  return definePipeline({
    name: TRANSFORM,
    sources,
    targets: [],
    migrations: transformMigrations(ids),
    ...(mvRefreshDebounceMs === null ? {} : { companion: transformCompanion(mvRefreshDebounceMs) }),
    async apply({ client, lane, changes, work }) {
      const source = changes[0]?.source ?? 'positions';
      const { rejected, incomplete } = await transactionOf(work, client).store(
        source,
        lane.partition,
        changes,
        lane.group,
      );
      return {
        counts: [],
        rejected: rejected.map(({ change, reason }) => ({ change, code: 'ROW_INVALID', message: reason })),
        incomplete: incomplete.map(({ change }) => change),
      };
    },
    async clear({ client, lane, from, before, work }) {
      const source: SourceName = from.startsWith(`${competitors}/`) ? 'competitors' : 'positions';
      await transactionOf(work, client).clear(source, lane.partition, before);
      return [];
    },
    async finish({ client, work }) {
      return outcomeOf(await transactionOf(work, client).finish());
    },
  });
}

const TABLES: Readonly<Record<TargetName, TargetTable>> = {
  metric_facts: reported('metric_facts'),
  brand_metrics: reported('brand_metrics'),
  competitor_metrics: reported('competitor_metrics'),
  brand_sentiment: reported('brand_sentiment'),
  competitor_sentiment: reported('competitor_sentiment'),
};

/** Only to be named in metrics: migrations.ts has the tables as they are. */
function reported(name: TargetName): TargetTable {
  return targetTable({ name, columns: [{ name: 'id', type: 'bigint' }], key: ['id'], stamped: false });
}

interface Outcome {
  readonly counts: readonly WriteCounts[];
  readonly tallies: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

function outcomeOf(done: readonly Recomputed[]): Outcome {
  const counts = done.flatMap(({ writes }) =>
    Object.entries(writes).map(([name, each]) => writeCounts(TABLES[name as TargetName], each)),
  );
  const tallies = done.flatMap(({ refresh, writes }) =>
    refresh === null ? [] : [[refresh, tallyOf(writes)] as const],
  );
  return { counts, tallies: new Map(tallies) };
}

function writeCounts(
  table: TargetTable,
  { inserted, updated, deleted, unchanged }: TableWrites,
): WriteCounts {
  const upserts = inserted + updated + unchanged;
  return { table, upserts, patches: 0, deletes: deleted, written: inserted + updated + deleted, unchanged };
}

function tallyOf(writes: Writes): Map<string, number> {
  const tally = new Map<string, number>();
  for (const [table, { inserted, updated, deleted }] of Object.entries(writes)) {
    for (const [kind, count] of Object.entries({ inserted, updated, deleted }))
      if (count > 0) tally.set(`${table}.${kind}`, count);
  }
  return tally;
}
