import { formatTable, type TableId } from '../change/table.ts';
import { valuesOf } from './failure-list.ts';

/** Rows of one table, as a request for a refresh names them. */
interface KeyPart {
  readonly table: { readonly schema: string; readonly name: string };
  readonly where: null;
  readonly keys: string[][];
}

/** A key as the target owes it: its topic, and its columns as JSON. */
interface KeyOfTopic {
  readonly topic: string;
  readonly keyText: string | null;
}

/** What is to be refreshed, by table. `tableOf`: topic → "schema.table". */
export function keyParts(
  tables: readonly TableId[],
  tableOf: (topic: string) => string,
  keys: readonly KeyOfTopic[],
): KeyPart[] {
  return tables.flatMap((table) => {
    const own = keys.filter(({ topic }) => tableOf(topic) === formatTable(table));
    if (own.length === 0) return [];
    return [{ table: { ...table }, where: null, keys: own.map(({ keyText }) => valuesOf(keyText)) }];
  });
}
