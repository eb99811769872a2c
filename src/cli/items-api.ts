import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Pipeline } from '../consumers/define-pipeline.ts';
import { ItemsEndpoint } from '../items-api/items-endpoint.ts';
import { itemsRoutes } from '../items-api/items-routes.ts';
import { openApiDocument } from '../items-api/openapi.ts';
import type { HttpRoute } from '../metrics/http-server.ts';
import { itemsApiObserver } from '../metrics/items-api-metrics.ts';
import { FreshetError } from '../runtime/errors.ts';
import { ReceivedRequests } from '../sinks/received-requests.ts';
import { createTargetPool, TARGET_DEFAULTS } from '../sinks/target-pool.ts';
import { ItemLog } from '../topics/item-log.ts';
import { createKafka } from '../topics/kafka.ts';
import type { Engine } from './engine.ts';

const HOUR_MS = 3_600_000;
const CONNECTIONS = 4;

/** The items API of one process: what it serves, and what it holds open for that. */
export class ItemsApi implements AsyncDisposable {
  readonly routes: readonly HttpRoute[];
  readonly #engine: Engine;
  readonly #log: ItemLog;
  readonly #pool: Pool;
  readonly #received: ReceivedRequests;

  private constructor(engine: Engine, log: ItemLog, pool: Pool) {
    const { itemsApi } = engine.config;
    const observer = itemsApiObserver(engine.metrics, engine.log);
    const received = new ReceivedRequests(pool);
    this.#engine = engine;
    this.#log = log;
    this.#pool = pool;
    this.#received = received;
    this.routes = itemsRoutes({
      endpoint: new ItemsEndpoint({ ...itemsApi, credentials: itemsApi, log, received, observer }),
      document: openApiDocument(itemsApi),
      answered: (status, seconds) => observer.answered(status, seconds),
    });
  }

  /** `pipeline` takes what is posted; its target is migrated. Throws CONFIG_INVALID, PREFLIGHT, CONNECTION. */
  static async open(engine: Engine, pipeline: Pipeline): Promise<ItemsApi> {
    const { itemsApi, target, kafka, topics } = engine.config;
    if (itemsApi.signingKeys.length + itemsApi.tokens.length === 0) throw withoutCredentials();
    const { retentionHours, ...settings } = topics;
    const { prefix } = engine.sourceOf(pipeline);
    const topicSettings = { ...settings, retentionMs: retentionHours * HOUR_MS };
    const log = await ItemLog.open(createKafka(kafka), prefix, topicSettings);
    const pool = createTargetPool(target, 'items API', { ...TARGET_DEFAULTS, poolSize: CONNECTIONS });
    return new ItemsApi(engine, log, pool);
  }

  /** Forgets old requests until the signal. */
  async forgetRegularly(signal: AbortSignal): Promise<void> {
    const { metrics, log, config } = this.#engine;
    const observer = itemsApiObserver(metrics, log);
    while (!signal.aborted) {
      await this.#received
        .forget(config.itemsApi.rememberHours)
        .catch((error: unknown) => observer.failed(error));
      await sleep(HOUR_MS, undefined, { signal }).catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]();
    await this.#pool.end();
  }
}

function withoutCredentials(): FreshetError {
  return new FreshetError(
    'CONFIG_INVALID',
    'itemsApi: neither signingKeys nor tokens: nobody could be let in',
    {
      cure: "Set itemsApi.signingKeys: [{ env: 'ITEMS_API_KEY' }], or tokens; or take items-api out of pipelines.",
    },
  );
}
