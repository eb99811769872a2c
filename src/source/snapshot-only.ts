import type pg from 'pg';
import type { Lsn } from '../change/lsn.ts';
import { FreshetError } from '../runtime/errors.ts';
import {
  connect,
  type Connection,
  connectionError,
  destroySocket,
  type PostgresConfig,
} from '../runtime/postgres.ts';
import { currentWal } from './wal-position.ts';
import type { StreamItem } from './stream-queue.ts';

const POLL_MS = 1_000;
const SILENCE_TIMEOUT_MS = 20_000;

/** Any role may take it and see it, on a standby, too; it goes with its connection. Shared: the lease decides who publishes. */
const KEY = `hashtext('freshet'), hashtext($1)`;
const HOLDERS = `
  SELECT 1 FROM pg_catalog.pg_locks
   WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
     AND classid = hashtext('freshet')::oid AND objid = hashtext($1)::oid AND objsubid = 2 LIMIT 1`;

/** Whether a snapshot-only capture of that name is connected to this database. */
export async function isSnapshotOnlyAlive(client: pg.ClientBase, slot: string): Promise<boolean> {
  return (await client.query(HOLDERS, [slot])).rows.length > 0;
}

export interface WalClockOptions {
  readonly connection: PostgresConfig;
  /** The capture's name, though no slot is behind it. */
  readonly slot: string;
  readonly silenceTimeoutMs?: number | undefined;
}

/**
 * In the place of a replication stream where there can be none: says only how far the source's WAL is, so
 * that positions grow. Nothing can be said of changes, and none of its items says that they were seen.
 */
export class WalClock implements AsyncDisposable {
  readonly #options: WalClockOptions;
  readonly #client: Connection;
  readonly #timer: NodeJS.Timeout;
  #walEnd: Lsn | null = null;
  #asking = false;
  #failure: Error | null = null;
  #wake: () => void = () => {};

  private constructor(options: WalClockOptions, client: Connection) {
    this.#options = options;
    this.#client = client;
    this.#timer = setInterval(() => this.requestKeepalive(), POLL_MS);
  }

  static async open(options: WalClockOptions): Promise<WalClock> {
    const client = await connect(options.connection, `snapshot-only ${options.slot}`);
    try {
      await client.query(`SELECT pg_advisory_lock_shared(${KEY})`, [options.slot]);
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw connectionError(error, options.connection);
    }
    const clock = new WalClock(options, client);
    clock.requestKeepalive();
    return clock;
  }

  /** Throws what broke the connection. */
  take(): StreamItem | undefined {
    if (this.#failure !== null) throw this.#failure;
    const item = this.next;
    this.#walEnd = null;
    return item;
  }

  get next(): StreamItem | undefined {
    return this.#walEnd === null ? undefined : { kind: 'keepalive', walEnd: this.#walEnd };
  }

  get isEmpty(): boolean {
    return this.#walEnd === null && this.#failure === null;
  }

  get queuedItems(): number {
    return this.#walEnd === null ? 0 : 1;
  }

  /** Of messages, which there are none of. */
  readonly queuedBytes = 0;

  onArrival(wake: () => void): void {
    this.#wake = wake;
  }

  /** No slot keeps WAL for us. */
  confirm(): void {}

  requestKeepalive(): void {
    if (this.#asking || this.#failure !== null) return;
    this.#asking = true;
    const { silenceTimeoutMs = SILENCE_TIMEOUT_MS } = this.#options;
    const silence = setTimeout(() => {
      this.#fail(new FreshetError('CONNECTION', `PostgreSQL has not answered for ${silenceTimeoutMs} ms`));
      destroySocket(this.#client);
    }, silenceTimeoutMs);
    currentWal(this.#client)
      .then((lsn) => (this.#walEnd = lsn))
      .catch((error: unknown) => this.#fail(connectionError(error, this.#options.connection)))
      .finally(() => {
        clearTimeout(silence);
        this.#asking = false;
        this.#wake();
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#failure ??= new FreshetError('CONNECTION', 'the capture stops');
    await this.#client[Symbol.asyncDispose]();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
