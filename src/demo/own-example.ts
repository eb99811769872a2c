import type { Pipeline } from '../consumers/define-pipeline.ts';
import { quoteTable } from '../sinks/target-table.ts';
import type { DemoExample } from './example.ts';

/**
 * A configured pipeline of the user's own, on the tables of the other examples: it runs and is counted. What
 * its targets should hold only its user knows, so nothing is compared.
 */
export function ownExample(pipeline: Pipeline): DemoExample {
  return {
    pipeline: pipeline.name,
    tables: [],
    createTables: async () => {},
    fill: async () => ({ rows: 0, duplicates: 0, existing: false }),
    write: async () => {},
    async inspect({ target }) {
      const rows: Record<string, number> = {};
      for (const table of pipeline.targets) {
        const counted = await target.query<{ n: string }>(`SELECT count(*) AS n FROM ${quoteTable(table)}`);
        rows[table.name] = Number(counted.rows[0]?.n ?? 0);
      }
      const lines = Object.entries(rows).map(([name, count]) => `${pipeline.name}: ${count} rows in ${name}`);
      return { mismatches: 0, figures: { compared: false, target_rows: rows }, lines };
    },
    toTry: () => [],
  };
}
