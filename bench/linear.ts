import { formatTable } from '../src/change/table.ts';
import type { BenchContext } from './bench-context.ts';
import type { Contender, ContenderResult } from './figures.ts';
import { measureFreshet } from './snapshot.ts';
import { fillNarrow, narrowTable } from './tables.ts';

const FACTOR = 10;

/** The snapshot of a narrow table, and of one with ten times its rows: time in step with the rows, memory the same. */
export async function benchLinear(context: BenchContext): Promise<ContenderResult[]> {
  const { rows } = context.options;
  const sizes = [Math.ceil(rows / FACTOR), rows];
  const contenders: Contender[] = [];
  for (const size of sizes) {
    const rowBytes = await fillNarrow(context.source, size);
    contenders.push({
      name: `${size.toLocaleString('en')} rows`,
      run: async () => {
        const name = context.freshName('lin');
        const table = narrowTable(size);
        const until = { kind: 'published', table: formatTable(table), op: 'r', rows: size } as const;
        try {
          return await measureFreshet(context, name, table, until, rowBytes);
        } finally {
          await context.forget(name);
        }
      },
    });
  }
  return context.interleave(contenders);
}
