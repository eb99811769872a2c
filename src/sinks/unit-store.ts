import type { ClientBase } from 'pg';
import { textArray } from './array-parameter.ts';

/** A source's row, kept once for each unit that it names; under the unit '' where it names none. */
export interface UnitMember {
  readonly source: string;
  /** The source key's text. */
  readonly key: string;
  readonly unit: string;
}

export interface KeptRow extends UnitMember {
  readonly epoch: number;
  /** Null where it was not asked for. */
  readonly content: string | null;
}

export interface RowToKeep extends UnitMember {
  /** The stamp of the partition that the row came from. */
  readonly origin: string;
  readonly epoch: number;
  readonly content: string;
}

export interface StoredUnit {
  /** What the unit wrote the last time, as it was stored. */
  readonly outputs: string;
  /** Ordered by source and key. */
  readonly rows: readonly { readonly source: string; readonly content: string }[];
}

/** The state tables of one group's units, within a transaction of the caller's. */
export class UnitStore {
  readonly #client: ClientBase;
  readonly #group: string;

  constructor(client: ClientBase, group: string) {
    this.#client = client;
    this.#group = group;
  }

  /** What is kept of some keys; contents only of those that say so. */
  async keptRows(keys: readonly { source: string; key: string; withContent: boolean }[]): Promise<KeptRow[]> {
    const { rows } = await this.#client.query<UnitMember & { epoch: string; content: string | null }>(
      `SELECT r.source, r.key, r.unit, r.epoch::text, CASE WHEN k.with_content THEN r.content END AS content
       FROM unnest($2::text[], $3::text[], $4::bool[]) AS k(source, key, with_content)
       JOIN freshet.unit_rows AS r ON r.group_name = $1 AND r.source = k.source AND r.key = k.key`,
      [
        this.#group,
        textArray(keys.map(({ source }) => source)),
        textArray(keys.map(({ key }) => key)),
        textArray(keys.map(({ withContent }) => String(withContent))),
      ],
    );
    return rows.map((row) => ({ ...row, epoch: Number(row.epoch) }));
  }

  /** Rows that are kept so already are not written. */
  async keep(rows: readonly RowToKeep[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#client.query(
      `INSERT INTO freshet.unit_rows (group_name, source, key, unit, origin, epoch, content)
       SELECT $1, e.* FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::text[])
         AS e(source, key, unit, origin, epoch, content)
       WHERE NOT EXISTS (SELECT 1 FROM freshet.unit_rows AS r
         WHERE r.group_name = $1 AND r.source = e.source AND r.key = e.key AND r.unit = e.unit
           AND r.origin = e.origin AND r.epoch = e.epoch AND r.content = e.content)
       ON CONFLICT (group_name, source, key, unit) DO UPDATE
       SET origin = EXCLUDED.origin, epoch = EXCLUDED.epoch, content = EXCLUDED.content`,
      [
        ...this.#memberParameters(rows),
        textArray(rows.map(({ origin }) => origin)),
        textArray(rows.map(({ epoch }) => String(epoch))),
        textArray(rows.map(({ content }) => content)),
      ],
    );
  }

  async drop(members: readonly UnitMember[]): Promise<void> {
    if (members.length === 0) return;
    await this.#client.query(
      `DELETE FROM freshet.unit_rows AS r USING unnest($2::text[], $3::text[], $4::text[]) AS e(source, key, unit)
       WHERE r.group_name = $1 AND r.source = e.source AND r.key = e.key AND r.unit = e.unit`,
      this.#memberParameters(members),
    );
  }

  /** Drops what came from a partition, or what was last seen before an epoch. Gives the units it was in. */
  async dropOrigin(origin: string, before: number | null): Promise<string[]> {
    const { rows } = await this.#client.query<{ unit: string }>(
      `WITH gone AS (DELETE FROM freshet.unit_rows
         WHERE group_name = $1 AND origin = $2 AND ($3::int8 IS NULL OR epoch < $3) RETURNING unit)
       SELECT DISTINCT unit FROM gone`,
      [this.#group, origin, before],
    );
    return rows.map(({ unit }) => unit);
  }

  /** In the order given, which must be sorted: two transactions that share units wait for each other and never deadlock. */
  async lock(units: readonly string[]): Promise<void> {
    await this.#client.query(
      `INSERT INTO freshet.units AS u (group_name, unit) SELECT $1, unnest($2::text[])
       ON CONFLICT (group_name, unit) DO UPDATE SET unit = u.unit WHERE false`,
      [this.#group, textArray(units)],
    );
  }

  /** Must be a statement of its own behind `lock`: only its snapshot sees what the lock was waited for. */
  async read(units: readonly string[]): Promise<Map<string, StoredUnit>> {
    const parameters = [this.#group, textArray(units)];
    const outputs = await this.#client.query<{ unit: string; outputs: string }>(
      `SELECT u.unit, u.outputs FROM unnest($2::text[]) AS n(unit)
       JOIN freshet.units AS u ON u.group_name = $1 AND u.unit = n.unit`,
      parameters,
    );
    const members = await this.#client.query<{ unit: string; source: string; content: string }>(
      `SELECT r.unit, r.source, r.content FROM unnest($2::text[]) AS n(unit)
       JOIN freshet.unit_rows AS r ON r.group_name = $1 AND r.unit = n.unit ORDER BY r.source, r.key`,
      parameters,
    );
    const rows = Map.groupBy(members.rows, ({ unit }) => unit);
    return new Map(outputs.rows.map(({ unit, outputs }) => [unit, { outputs, rows: rows.get(unit) ?? [] }]));
  }

  /** Outputs by unit, those that changed. */
  async storeOutputs(outputs: ReadonlyMap<string, string>): Promise<void> {
    if (outputs.size === 0) return;
    await this.#client.query(
      `UPDATE freshet.units AS u SET outputs = e.outputs FROM unnest($2::text[], $3::text[]) AS e(unit, outputs)
       WHERE u.group_name = $1 AND u.unit = e.unit`,
      [this.#group, textArray([...outputs.keys()]), textArray([...outputs.values()])],
    );
  }

  /** Units that nothing is left of. */
  async forget(units: readonly string[]): Promise<void> {
    if (units.length === 0) return;
    await this.#client.query('DELETE FROM freshet.units WHERE group_name = $1 AND unit = ANY ($2::text[])', [
      this.#group,
      textArray(units),
    ]);
  }

  #memberParameters(members: readonly UnitMember[]): string[] {
    return [
      this.#group,
      textArray(members.map(({ source }) => source)),
      textArray(members.map(({ key }) => key)),
      textArray(members.map(({ unit }) => unit)),
    ];
  }
}
