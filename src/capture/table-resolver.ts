import { formatTable, type TableId, type TableSchema } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';
import { createTableCodec } from '../topics/codec/table-codec.ts';
import type { SchemaRegistryPort } from '../topics/registry.ts';
import { topicName } from '../topics/names.ts';
import type { CapturedTable } from './record-writer.ts';

export interface TableResolverOptions {
  readonly prefix: string;
  readonly database: string;
  readonly registry: SchemaRegistryPort;
  /** topic → partitions */
  readonly partitions: ReadonlyMap<string, number>;
}

/** From a table's shape to how it is published. Each shape's schemas are registered once. */
export class TableResolver {
  readonly #options: TableResolverOptions;
  readonly #byShape = new Map<string, Promise<CapturedTable>>();

  constructor(options: TableResolverOptions) {
    this.#options = options;
  }

  async resolve(schema: TableSchema): Promise<CapturedTable> {
    const shape = JSON.stringify([schema.id, schema.columns, schema.key]);
    let table = this.#byShape.get(shape);
    if (table === undefined) {
      table = this.#create(schema);
      this.#byShape.set(shape, table);
      // A registry that could not be reached is asked again the next time.
      table.catch(() => this.#byShape.delete(shape));
    }
    return table;
  }

  partitionsOf(id: TableId): number {
    const topic = topicName(this.#options.prefix, id);
    const partitions = this.#options.partitions.get(topic);
    if (partitions === undefined) {
      throw new FreshetError('TOPIC_CHANGED', `topic ${topic} of table ${formatTable(id)} does not exist`);
    }
    return partitions;
  }

  async #create(schema: TableSchema): Promise<CapturedTable> {
    const { prefix, database, registry } = this.#options;
    const codec = await createTableCodec({ schema, prefix, database, registry });
    return { name: formatTable(schema.id), codec, partitions: this.partitionsOf(schema.id) };
  }
}
