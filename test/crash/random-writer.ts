import type { Pool } from 'pg';
import { createSeededRandom } from '../../src/demo/seeded-random.ts';

const KEYS = 300;
const PAUSE_MS = 2;

/** Transactions of random writes, until it is stopped. */
export class RandomWriter {
  readonly #pool: Pool;
  readonly #next: (below: number) => number;
  #isStopped = false;
  #transactions = 0;
  readonly #running: Promise<void>;

  constructor(pool: Pool, seed: number) {
    this.#pool = pool;
    const random = createSeededRandom(seed);
    this.#next = (below) => Math.floor(random.next() * below);
    this.#running = this.#run();
  }

  get transactions(): number {
    return this.#transactions;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#transaction();
      this.#transactions += 1;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #transaction(): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN');
      for (let writes = 1 + this.#next(this.#next(10) === 0 ? 60 : 4); writes > 0; writes--)
        await client.query(this.#statement());
      await client.query(this.#next(20) === 0 ? 'ROLLBACK' : 'COMMIT');
    } finally {
      client.release();
    }
  }

  #statement(): string {
    const id = this.#next(KEYS);
    const other = this.#next(KEYS);
    const n = this.#next(1_000_000);
    const body = `repeat('${n}', 900)`;
    switch (this.#next(8)) {
      case 0:
        return `DELETE FROM items WHERE id = ${id}`;
      case 1:
        return `UPDATE items SET id = ${other}, n = ${n} WHERE id = ${id} AND NOT EXISTS (SELECT FROM items WHERE id = ${other})`;
      case 2:
        return `UPDATE items SET n = ${n}, body = ${body} WHERE id = ${id}`;
      case 3:
      case 4:
        return `UPDATE items SET n = ${n} WHERE id = ${id}`;
      default:
        return `INSERT INTO items VALUES (${id}, ${n}, ${body}) ON CONFLICT (id) DO UPDATE SET n = excluded.n`;
    }
  }
}
