import { formatTable } from '../../change/table.ts';
import type { Config } from '../../config.ts';
import type { JudgeAgainOptions } from '../../consumers/upsert/judge-again.ts';
import { PRODUCTS_TABLE } from '../../consumers/upsert/pipeline.ts';
import { untilAccepted } from '../backfill/ask.ts';
import { CaptureLink } from '../backfill/capture-link.ts';
import { askFor } from '../backfill/publish-refresh.ts';

/** Asks the capture of the products, now or when it runs; null where no source has them. */
export function judgeAgainOptions(config: Config): JudgeAgainOptions | null {
  const isProducts = (table: Parameters<typeof formatTable>[0]): boolean =>
    formatTable(table) === formatTable(PRODUCTS_TABLE);
  const source = config.sources.find(({ tables }) => tables.some(isProducts));
  if (source === undefined) return null;
  return {
    source: source.connection,
    ask: async (id, where, signal) => {
      using link = await CaptureLink.open(config, source);
      const parts = [{ table: { ...PRODUCTS_TABLE }, where, keys: null }];
      await askFor(link, { kind: 'refresh', id, group: null, options: {}, parts });
      if (await link.isAlive()) await untilAccepted(link, id, signal);
    },
  };
}
