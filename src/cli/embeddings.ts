import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase, Pool } from 'pg';
import type { Config } from '../config.ts';
import type { Embedder } from '../consumers/upsert/embeddings/embedder.ts';
import { type ClaimedItem, EmbeddingStore } from '../consumers/upsert/embeddings/embedding-store.ts';
import { migrateEmbeddings } from '../consumers/upsert/embeddings/embedding-tables.ts';
import { type EmbeddingObserver, EmbeddingWorker } from '../consumers/upsert/embeddings/embedding-worker.ts';
import { LocalEmbedder } from '../consumers/upsert/embeddings/local-embedder.ts';
import { OpenAiEmbedder } from '../consumers/upsert/embeddings/openai-embedder.ts';
import { backoffMs } from '../runtime/backoff.ts';
import { errorMessage, connect } from '../runtime/postgres.ts';
import { judgeSinkError, sinkFailure } from '../sinks/sink-error.ts';
import { createTargetPool, TARGET_DEFAULTS } from '../sinks/target-pool.ts';
import type { Engine } from './engine.ts';

const CONNECTIONS = 2;
/** A run that lasted so long makes the waiting start short again. */
const LASTING_MS = 60_000;

export function createEmbedder({ embeddings }: Pick<Config, 'embeddings'>): Embedder {
  return embeddings.endpoint === null ? new LocalEmbedder() : new OpenAiEmbedder(embeddings.endpoint);
}

/** What a process does beside its pipelines: embeddings, where they are wanted. */
export function embeddingTasks(engine: Engine): ((signal: AbortSignal) => Promise<void>)[] {
  return engine.config.embeddings.enabled ? [(signal) => workOnEmbeddings(engine, signal)] : [];
}

/** Keeps the items' embeddings fresh until the signal; the table of items is there. A database that is away is waited for. */
export async function workOnEmbeddings(engine: Engine, signal: AbortSignal): Promise<void> {
  const settings = { ...TARGET_DEFAULTS, poolSize: CONNECTIONS };
  const pool = createTargetPool(engine.config.target, 'embeddings', settings);
  await using embedder = createEmbedder(engine.config);
  const held = new Set<ClaimedItem>();
  try {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const startedAt = Date.now();
      try {
        await work(engine, { pool, embedder, held }, signal);
      } catch (error) {
        if (judgeSinkError(error) !== 'retry') throw sinkFailure(error);
        if (Date.now() - startedAt > LASTING_MS) attempt = 0;
        engine.log('warn', `embeddings: ${errorMessage(error)}; trying again`);
        await sleep(backoffMs(attempt), undefined, { signal }).catch(() => {});
      }
    }
  } finally {
    await pool.end();
  }
}

interface Means {
  readonly pool: Pool;
  readonly embedder: Embedder;
  readonly held: Set<ClaimedItem>;
}

async function work(engine: Engine, { pool, embedder, held }: Means, signal: AbortSignal): Promise<void> {
  const { maxAgeDays = null, scanMinutes } = engine.config.embeddings;
  const scanning = <T>(scan: (client: ClientBase) => Promise<T>): Promise<T> => onTarget(engine, scan);
  const type = await scanning(migrateEmbeddings);
  const store = new EmbeddingStore(pool, type, { model: embedder.model, maxAgeDays });
  const observer = observerOf(engine);
  await new EmbeddingWorker({ store, embedder, scanning, scanMinutes, held, observer }).run(signal);
}

function observerOf({ metrics, log }: Engine): EmbeddingObserver {
  return {
    stale: (items) => metrics.embeddingsStale.set(items),
    embedded: (items, seconds) => {
      metrics.embedded.inc({ outcome: 'embedded' }, items);
      metrics.embeddingSeconds.observe(seconds);
    },
    failed: (outcome, message) => {
      metrics.embedded.inc({ outcome });
      log('warn', `embeddings: ${message}`);
    },
  };
}

async function onTarget<T>(engine: Engine, act: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = await connect(engine.config.target, 'embeddings');
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}
