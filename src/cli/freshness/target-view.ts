import type pg from 'pg';
import type { PostgresConfig } from '../../runtime/postgres.ts';
import { countDebts } from '../../sinks/owed-keys.ts';
import { pausedGroups } from '../../sinks/paused-groups.ts';
import { isMigrated } from '../../sinks/schema.ts';
import { GroupProgress } from '../group-progress.ts';
import type { Besides, ReadBesides } from './besides.ts';
import { WatchedDatabase } from './watched-database.ts';

/** Counting debts, jobs and embeddings reads many rows where there are many. */
const SLOW_MS = 5_000;

/** What one group has in the target. */
export interface GroupState {
  readonly progress: GroupProgress;
  readonly isPaused: boolean;
  /** code → keys whose row lacks a change */
  readonly debts: ReadonlyMap<string, number>;
  readonly besides: Besides;
}

/** What the database that some pipelines write to says of their groups. What it said last stays while it is away. */
export class TargetView implements AsyncDisposable {
  readonly #database: WatchedDatabase;
  /** Group → how what goes on beside its rows is read. */
  readonly #groups: ReadonlyMap<string, ReadBesides>;
  readonly #states = new Map<string, GroupState>();
  #slowAtMs = 0;

  constructor(config: PostgresConfig, groups: ReadonlyMap<string, ReadBesides>) {
    this.#database = new WatchedDatabase(config);
    this.#groups = groups;
  }

  /** Why it could not be looked at. */
  get error(): string | null {
    return this.#database.error;
  }

  /** Null before it could be looked at. */
  state(group: string): GroupState | null {
    return this.#states.get(group) ?? null;
  }

  /** `everything`: also debts, jobs and embeddings, which are counted now and then only. */
  look(everything: boolean): Promise<void> {
    return this.#database.look((client) => this.#read(client, everything));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#database[Symbol.asyncDispose]();
  }

  async #read(client: pg.Client, everything: boolean): Promise<void> {
    if (!(await isMigrated(client))) return;
    const isSlow = everything || Date.now() - this.#slowAtMs >= SLOW_MS;
    const paused = await pausedGroups(client);
    for (const [group, readBesides] of this.#groups) {
      const before = this.#states.get(group);
      // Debts and what goes on beside after the progress: what it stands for has made its debts by then.
      this.#states.set(group, {
        progress: await GroupProgress.read(client, group),
        isPaused: paused.has(group),
        debts: isSlow || before === undefined ? await countDebts(client, group) : before.debts,
        besides: isSlow || before === undefined ? await readBesides(client) : before.besides,
      });
    }
    if (isSlow) this.#slowAtMs = Date.now();
  }
}
