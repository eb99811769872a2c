import { formatTable, type TableId } from '../change/table.ts';
import { FreshetError } from '../runtime/errors.ts';

/** Kafka's limit on a topic's name, in characters. */
const MAX_TOPIC_LENGTH = 249;
const INVALID_IN_TOPIC = /[^a-zA-Z0-9._-]/g;
const INVALID_IN_AVRO = /[^A-Za-z0-9_]/g;

/**
 * `<prefix>.<schema>.<table>`, every character that Kafka refuses replaced by "_", as Debezium does.
 * Two tables can end in one name: see `assertDistinctTopics`. Throws CONFIG_INVALID above 249 characters.
 */
export function topicName(prefix: string, table: TableId): string {
  return checkedTopic(`${prefix}.${table.schema}.${table.name}`);
}

/** The compacted topic of the captures' checkpoints. Its last part is no `<schema>.<table>`. */
export function checkpointTopic(prefix: string): string {
  return checkedTopic(`${prefix}.__freshet_checkpoint`);
}

/** Where requests reach a running capture. */
export function controlTopic(prefix: string): string {
  return checkedTopic(`${prefix}.__freshet_control`);
}

/** The dead letters of one consumer group: `<prefix>.<group>.dlq`. */
export function dlqTopic(prefix: string, group: string): string {
  return checkedTopic(`${prefix}.${group}.dlq`);
}

/** Throws CONFIG_INVALID, naming both, where two tables would share a topic, or one could take that of dead letters. */
export function assertDistinctTopics(prefix: string, tables: readonly TableId[]): void {
  const owners = new Map<string, TableId>();
  for (const table of tables) {
    const topic = topicName(prefix, table);
    if (topic === dlqTopic(prefix, table.schema)) {
      throw new FreshetError(
        'CONFIG_INVALID',
        `table "${formatTable(table)}" would have the topic "${topic}", which is for dead letters`,
        { cure: 'Rename the table.' },
      );
    }
    const owner = owners.get(topic);
    if (owner !== undefined) {
      throw new FreshetError(
        'CONFIG_INVALID',
        `tables "${formatTable(owner)}" and "${formatTable(table)}" would share the topic "${topic}"`,
        { cure: 'Rename one of the tables, or capture them under different prefixes.' },
      );
    }
    owners.set(topic, table);
  }
}

/**
 * The Avro namespace of a table's records, `<prefix>.<schema>.<table>`: every character that Avro
 * refuses becomes "_", and a part that begins with a digit is given a leading "_".
 */
export function recordNamespace(prefix: string, table: TableId): string {
  const prefixParts = prefix.split('.').filter((part) => part !== '');
  return [...prefixParts, table.schema, table.name].map(avroName).join('.');
}

/**
 * The Avro field names of a table's columns, in their order. A name that is valid stays as it is;
 * columns that sanitise to a name already taken get "_2", "_3" … in table order.
 */
export function fieldNames(columns: readonly string[]): string[] {
  const taken = new Set(columns.filter((column) => avroName(column) === column));
  return columns.map((column) => {
    const name = avroName(column);
    if (name === column) return name;
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name}_${n}`;
    taken.add(free);
    return free;
  });
}

function avroName(name: string): string {
  const valid = name.replace(INVALID_IN_AVRO, '_');
  return valid === '' || /^[0-9]/.test(valid) ? `_${valid}` : valid;
}

function checkedTopic(name: string): string {
  const topic = name.replace(INVALID_IN_TOPIC, '_');
  if (topic.length <= MAX_TOPIC_LENGTH) return topic;
  throw new FreshetError(
    'CONFIG_INVALID',
    `the topic name "${topic}" has ${topic.length} characters, Kafka allows ${MAX_TOPIC_LENGTH}`,
    { cure: 'Choose a shorter topic prefix or group name.' },
  );
}
