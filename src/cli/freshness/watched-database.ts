import type pg from 'pg';
import {
  type Connection,
  connect,
  destroySocket,
  errorMessage,
  type PostgresConfig,
} from '../../runtime/postgres.ts';
import { PatientLook } from './patient-look.ts';

/** Whoever hangs for this long is left, and asked over a new connection. */
const HANGING_MS = 5_000;

/** A database that is looked at again and again over one connection, and may be away or hang. */
export class WatchedDatabase implements AsyncDisposable {
  readonly #config: PostgresConfig;
  readonly #look = new PatientLook();
  #client: Connection | null = null;
  /** Why the last look told nothing; null where it did. */
  error: string | null = null;

  constructor(config: PostgresConfig) {
    this.#config = config;
  }

  /** `opened` comes first on each new connection. */
  async look(
    work: (client: pg.Client) => Promise<void>,
    opened: (client: pg.Client) => Promise<void> = async () => {},
  ): Promise<void> {
    const isDone = await this.#look.run(() => this.#ask(work, opened));
    if (!isDone) this.error = 'it does not answer';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#client !== null) await this.#client[Symbol.asyncDispose]();
  }

  async #ask(
    work: (client: pg.Client) => Promise<void>,
    opened: (client: pg.Client) => Promise<void>,
  ): Promise<void> {
    const cut = setTimeout(() => destroySocket(this.#client), HANGING_MS);
    try {
      if (this.#client === null) {
        this.#client = await connect(this.#config, 'status');
        await opened(this.#client);
      }
      await work(this.#client);
      this.error = null;
    } catch (error) {
      this.error = errorMessage(error);
      const client = this.#client;
      this.#client = null;
      if (client !== null) await client[Symbol.asyncDispose]();
    } finally {
      clearTimeout(cut);
    }
  }
}
