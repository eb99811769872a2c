import type pg from 'pg';
import { formatTable, type TableId } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import { connect, errorMessage } from '../runtime/postgres.ts';
import { alterPublication } from '../source/publication.ts';
import { readTable } from '../source/table-catalog.ts';
import { TypeCatalog } from '../source/type-catalog.ts';
import { assertDistinctTopics, topicName } from '../topics/names.ts';
import { ensureChangeTopics, withAdmin } from '../topics/topic-admin.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import type { Apply, Effects, TableChanges, TableRequest } from './request-handler.ts';
import type { StreamApplier } from './stream-applier.ts';
import type { TableGuard } from './table-guard.ts';
import type { TableList } from './table-list.ts';

export interface TableRequestsOptions {
  readonly config: CaptureConfig;
  readonly dependencies: CaptureDependencies;
  readonly list: TableList;
  /** topic → partitions */
  readonly partitions: Map<string, number>;
  readonly guard: TableGuard;
  readonly applier: StreamApplier;
}

/** Adds tables to a running capture and takes them out, on the publication and the slot that it has. */
export class TableRequests implements TableChanges {
  readonly #options: TableRequestsOptions;

  constructor(options: TableRequestsOptions) {
    this.#options = options;
  }

  async prepare({ kind, table }: TableRequest): Promise<Apply> {
    return kind === 'add-table' ? this.#add(table) : () => this.#remove(table);
  }

  /**
   * The table begins as a halted one, whose changes are passed over: the table watch sees that it is
   * published, and sets it going with a refresh. Throws PREFLIGHT, TABLE_MISSING, TABLE_UNSUPPORTED, USAGE.
   */
  async #add(table: TableId): Promise<Apply> {
    const { config, dependencies, list, partitions, guard } = this.#options;
    const name = formatTable(table);
    if (list.ids.has(name)) throw new FreshetError('USAGE', `table ${name} is captured already`);
    assertDistinctTopics(config.prefix, [...list.ids.values(), table]);
    await this.#withSource(async (client) => {
      await readTable(client, new TypeCatalog(), table);
      if (config.snapshotOnly !== true) await alterPublication(client, config.publication, 'ADD', table);
    });
    const topic = topicName(config.prefix, table);
    const counts = await withAdmin(dependencies.kafka, (admin) =>
      ensureChangeTopics(admin, [topic], config.topics),
    );
    return () => {
      partitions.set(topic, counts.get(topic) ?? config.topics.partitions);
      list.add(table);
      guard.introduce(name);
      dependencies.observer.log('info', `table ${name} is added: its rows follow`);
      return { entries: [list.entry] };
    };
  }

  /** The checkpoint learns it first: a start in between takes the table out of the publication. */
  #remove(table: TableId): Effects {
    const { config, dependencies, list, partitions, guard, applier } = this.#options;
    const name = formatTable(table);
    if (!list.ids.has(name)) throw new FreshetError('USAGE', `table ${name} is not captured`);
    if (list.ids.size === 1) {
      throw new FreshetError('USAGE', `table ${name} is the only one that is captured`, {
        cure: 'Stop the capture and drop its slot.',
      });
    }
    list.remove(table);
    partitions.delete(topicName(config.prefix, table));
    guard.dismiss(name);
    applier.forget(name);
    dependencies.observer.log('info', `table ${name} is captured no more`);
    return {
      entries: [list.entry],
      committed: () =>
        this.#withSource((client) => alterPublication(client, config.publication, 'DROP', table)).catch(
          (error: unknown) => {
            const text = `table ${name} stays in the publication, its changes are passed over: ${errorMessage(error)}`;
            dependencies.observer.log('warn', text);
          },
        ),
    };
  }

  async #withSource(work: (client: pg.Client) => Promise<void>): Promise<void> {
    await using client = await connect(this.#options.config.connection, 'requests');
    await work(client);
  }
}
