import type pg from 'pg';
import type { Config } from '../config.ts';
import type { ServiceUrls } from '../embedded/run-record.ts';

/** What an example fills its tables with. */
export interface ExampleData {
  /** Where real data lies; null: generated rows. */
  readonly folder: string | null;
  /** How many rows to generate, of the example's largest table. */
  readonly generatedRows: number;
  readonly seed: number;
}

interface FilledTables {
  readonly rows: number;
  /** Rows of the data that were left out, as their key came before. */
  readonly duplicates: number;
  /** Whether a former run has left them. */
  readonly existing: boolean;
}

export interface ExampleDatabases {
  readonly source: pg.ClientBase;
  readonly target: pg.ClientBase;
}

interface Inspection {
  /** Rows of the target that are not what the source's rows make of them. */
  readonly mismatches: number;
  /** What the JSON report says of the pipeline besides what the engine counts. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** The same for people; none where there is nothing to add. */
  readonly lines: readonly string[];
}

/** One pipeline's part of the demo: an application's tables, rows to fill them, writes, and the proof. */
export interface DemoExample {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** "schema.table" of each source table, in the order in which they are captured. */
  readonly tables: readonly string[];
  /** Makes the source tables that are not there yet. */
  createTables(source: pg.ClientBase): Promise<void>;
  /** Fills the tables, unless a former run has. */
  fill(source: pg.ClientBase, data: ExampleData): Promise<FilledTables>;
  /** What the target needs before the backfill, besides the pipeline's migrations. */
  prepare?(databases: ExampleDatabases): Promise<void>;
  /** Whether what the pipeline asks for by itself when it starts, after `since`, is on its way. */
  isSettled?(databases: ExampleDatabases, since: Date): Promise<boolean>;
  /** Random inserts, updates and deletes, one statement each; a seed gives the same ones always. */
  write(source: pg.ClientBase, seed: number, signal: AbortSignal): Promise<void>;
  /** Compares source and target by SQL, past capture and topics; `differ` hears of the first few. */
  inspect(
    databases: ExampleDatabases,
    differ: (message: string) => void,
    config: Config,
  ): Promise<Inspection>;
  /** Lines that say what to try, and where its effect shows. */
  toTry(urls: ServiceUrls): readonly string[];
}
