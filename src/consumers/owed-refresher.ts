import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { inBatches } from '../runtime/batches.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { takeWanted, type WantedKey } from '../sinks/owed-keys.ts';
import type { ControlRequest } from '../topics/control-topic.ts';
import { ATTEMPT_OPTION } from './dead-letters.ts';
import type { Pipeline } from './define-pipeline.ts';
import type { LaneReport } from './lane-report.ts';
import { keyParts } from './refresh-keys.ts';

interface OwedRefresherOptions {
  readonly pool: Pool;
  readonly group: string;
  readonly pipeline: Pipeline;
  /** Topic → "schema.table". */
  readonly tables: ReadonlyMap<string, string>;
  /** A key that is owed for so long is asked for: most are settled sooner, by a refresh that goes on anyway. */
  readonly waitedMs: number;
  readonly send: (request: ControlRequest) => Promise<void>;
  readonly report: LaneReport;
}

/** Keys of one round; rounds are half of `waitedMs` apart. */
const KEYS_A_ROUND = 1_000;
/** Well below what one request may have. */
const ONE_REQUEST = { count: KEYS_A_ROUND, bytes: 256 * 1024 };
const SHORTEST_ROUND_MS = 200;

/**
 * Asks the capture for the current rows of keys that are owed and that a refresh would bring: partial changes
 * found no row, or an owed key has changed since. Several processes of one group share the keys. Nothing that fails
 * here stops the pipeline: a key that was not asked for, or did not come, is due again later.
 */
export class OwedRefresher {
  readonly #options: OwedRefresherOptions;

  constructor(options: OwedRefresherOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { waitedMs, report } = this.#options;
    while (!signal.aborted) {
      await sleep(Math.max(SHORTEST_ROUND_MS, waitedMs / 2), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.#ask();
      } catch (error) {
        report.log('warn', `cannot ask for owed keys now, it is tried again: ${errorMessage(error)}`);
      }
    }
  }

  async #ask(): Promise<void> {
    const { pool, group, waitedMs } = this.#options;
    const wanted = await takeWanted(pool, group, { waitedMs, limit: KEYS_A_ROUND });
    for (const [failures, keys] of Map.groupBy(wanted, (key) => key.failures))
      for (const some of inBatches(keys, ONE_REQUEST, bytesOf)) await this.#send(some, failures + 1);
  }

  async #send(keys: readonly WantedKey[], attempt: number): Promise<void> {
    const { group, pipeline, tables, send, report } = this.#options;
    const sources = Object.values(pipeline.sources).map(({ table }) => table);
    const parts = keyParts(sources, (topic) => tables.get(topic) ?? topic, keys);
    if (parts.length === 0) return;
    await send({
      kind: 'refresh',
      id: `${group}-owed-${randomUUID()}`,
      group,
      options: { [ATTEMPT_OPTION]: String(attempt) },
      parts,
    });
    report.refreshAsked(keys.length);
  }
}

function bytesOf({ keyText }: WantedKey): number {
  return Buffer.byteLength(keyText);
}
