import type { ChangeRecord, PartialRow, Row } from '../../change/change.ts';
import { UNAVAILABLE } from '../../change/change.ts';

/** Where a row came from: a sink keeps it for truncates and sweeps of that partition. */
export interface Origin {
  readonly partition: number;
  readonly epoch: number;
}

/** What the last changes of a key come to. */
export type KeyChange =
  | ({
      readonly kind: 'upsert';
      /** Oldest first; all but the first lack columns. */
      readonly rows: readonly PartialRow[];
      /** The key was deleted before, in this batch: what is stored of it is of no use. */
      readonly replaces: boolean;
    } & Origin)
  | ({ readonly kind: 'delete' } & Origin);

/** The changes of one table in a batch, at most one a key, and what happened to whole partitions before and after. */
export interface TableBatch {
  /** Partitions that were emptied before the changes of `keys`. */
  readonly truncated: ReadonlySet<number>;
  /** By the key's text. */
  readonly keys: ReadonlyMap<string, KeyChange>;
  /** Partition → epoch: after the changes, its rows of an older epoch are gone. */
  readonly sweeps: ReadonlyMap<number, number>;
}

/** Gathers records of one table in the order of their offsets; partitions may be mixed as they come. */
export class TableBatchBuilder {
  readonly #truncated = new Set<number>();
  readonly #keys = new Map<string, KeyChange>();
  readonly #sweeps = new Map<number, number>();

  add(record: ChangeRecord, partition: number): void {
    if (record.op === 't') this.#truncate(partition);
    else if (record.op === 'sweep')
      this.#sweeps.set(partition, Math.max(record.before, this.#sweeps.get(partition) ?? 0));
    else {
      const origin = { partition, epoch: record.position.epoch };
      const key = keyText(record.key);
      if (record.op === 'd') this.#keys.set(key, { kind: 'delete', ...origin });
      else this.#keys.set(key, this.#upsert(this.#keys.get(key), record.after, origin));
    }
  }

  build(): TableBatch {
    return { truncated: this.#truncated, keys: this.#keys, sweeps: this.#sweeps };
  }

  /** A complete row makes what came before it irrelevant; a partial one needs it, unless it is of an older epoch. */
  #upsert(before: KeyChange | undefined, after: PartialRow, origin: Origin): KeyChange {
    const replaces = before !== undefined && (before.kind === 'delete' || before.replaces);
    const usable = before?.kind === 'upsert' && before.epoch === origin.epoch;
    const rows = usable && Object.values(after).includes(UNAVAILABLE) ? [...before.rows, after] : [after];
    return { kind: 'upsert', rows, replaces, ...origin };
  }

  #truncate(partition: number): void {
    this.#truncated.add(partition);
    for (const [key, change] of this.#keys) if (change.partition === partition) this.#keys.delete(key);
  }
}

/** A key's text: the value itself of a key of one column, else a JSON array of the values in the key's order. */
function keyText(key: Row): string {
  const values = Object.values(key).map(String);
  return values.length === 1 ? (values[0] ?? '') : JSON.stringify(values);
}
