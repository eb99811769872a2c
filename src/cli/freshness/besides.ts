import type { ClientBase } from 'pg';
import type { Config } from '../../config.ts';
import type { Pipeline } from '../../consumers/define-pipeline.ts';
import { SCORE_TASK } from '../../consumers/score/score-jobs.ts';
import { countStale } from '../../consumers/upsert/embeddings/embedding-store.ts';
import { vectorType } from '../../consumers/upsert/embeddings/embedding-tables.ts';
import type { PipelineReport } from '../../metrics/freshness-report.ts';
import { writesItems } from '../pipelines.ts';
import { scoreQueue } from '../score/setup.ts';

/** What goes on beside a pipeline's rows, once they are applied. */
export type Besides = Pick<PipelineReport, 'jobs' | 'staleEmbeddings'>;
export type ReadBesides = (client: ClientBase) => Promise<Besides>;

export const NOTHING: Besides = { jobs: null, staleEmbeddings: null };

/** How it is asked for in the pipeline's target. */
export function besidesOf(config: Config, pipeline: Pipeline): ReadBesides {
  if (pipeline.name === 'score') {
    const queue = scoreQueue(config);
    return async (client) => {
      const isThere = await queue.exists(client);
      return { ...NOTHING, jobs: isThere ? await queue.states(client, SCORE_TASK) : null };
    };
  }
  if (!config.embeddings.enabled || !writesItems(pipeline)) return async () => NOTHING;
  return async (client) => {
    const isThere = (await vectorType(client)) !== null;
    return { ...NOTHING, staleEmbeddings: isThere ? await countStale(client) : null };
  };
}
