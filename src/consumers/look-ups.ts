import type { ClientBase, QueryConfig, QueryResult } from 'pg';
import type { z } from 'zod';
import { FreshetError } from '../runtime/errors.ts';
import { textArray } from '../sinks/array-parameter.ts';

/** Name → the shape of a look-up's rows. */
export type LookUpShapes = Readonly<Record<string, z.ZodObject>>;

/** Rows of the target database that a transform needs, read once a batch for all of its changes. */
export interface LookUp<Change, Shape extends z.ZodObject = z.ZodObject> {
  /**
   * A query with one parameter, the keys: `$1::text[]`. Each of its rows names its key, as text, in the column
   * "key"; the others are parsed by `row`. Values come as the `pg` client gives them: bigint and numeric as
   * text, timestamps as Date.
   */
  readonly sql: string;
  /**
   * The statement's name, of its own: it is then planned once a connection, not for every batch. Only where no
   * change of a table can change the columns that it gives.
   */
  readonly statement?: string;
  readonly row: Shape;
  /** The keys that a change needs; null and undefined are none. */
  readonly keysOf: (change: Change) => readonly (string | null | undefined)[];
  /** Whether it is asked at all, by what the look-ups before it found; where it is not, it finds nothing. */
  readonly isNeeded?: (found: LookUpResults) => boolean;
}

/** The rows that were found. */
export interface LookedUp<Found> {
  /** The key's first row. */
  get(key: string | null | undefined): Found | undefined;
  all(key: string | null | undefined): readonly Found[];
}

export type LookUpResults<Shapes extends LookUpShapes = LookUpShapes> = {
  readonly [Name in keyof Shapes]: LookedUp<z.output<Shapes[Name]>>;
};

/** Rows by look-up, as their source gave them: the "key" and what `row` parses. */
type FetchRows = (lookUp: LookUp<never>, keys: readonly string[]) => Promise<readonly FoundRow[]>;
export type FoundRow = Readonly<Record<string, unknown>> & { readonly key?: unknown };

export function fetchBySql(client: ClientBase): FetchRows {
  return async (lookUp, keys) => (await client.query<FoundRow>(statementOf(lookUp, keys))).rows;
}

function statementOf({ sql, statement }: LookUp<never>, keys: readonly string[]): QueryConfig {
  const named = statement === undefined ? {} : { name: statement };
  return { ...named, text: sql, values: [textArray(keys)] };
}

/** What look-ups found before the others are asked. */
export type EarlyRows = ReadonlyMap<LookUp<never>, readonly FoundRow[]>;

/** The look-ups of some changes that are asked whatever the others find, as statements. */
export class EarlyLookUps<Change> {
  readonly statements: readonly QueryConfig[];
  readonly #asked: readonly LookUp<Change>[];

  constructor(lookUps: ReadonlyMap<string, LookUp<Change>>, changes: readonly Change[]) {
    const asked = [...lookUps.values()]
      .filter(({ isNeeded }) => isNeeded === undefined)
      .map((lookUp) => ({ lookUp, keys: keysOf(lookUp, changes, {}) }))
      .filter(({ keys }) => keys.length > 0);
    this.#asked = asked.map(({ lookUp }) => lookUp);
    this.statements = asked.map(({ lookUp, keys }) => statementOf(lookUp, keys));
  }

  /** `answers`: to the statements, in their order. */
  rows(answers: readonly QueryResult<FoundRow>[]): EarlyRows {
    return new Map(this.#asked.map((lookUp, i) => [lookUp, answers[i]?.rows ?? []]));
  }
}

const NONE_EARLY: EarlyRows = new Map();

/** Asks each look-up once, but those that `early` has. Throws RECORD_INVALID where a row is not as the look-up says. */
export async function lookUpAll<Change>(
  lookUps: ReadonlyMap<string, LookUp<Change>>,
  changes: readonly Change[],
  fetchRows: FetchRows,
  early = NONE_EARLY,
): Promise<LookUpResults> {
  const results: Record<string, LookedUp<Record<string, unknown>>> = {};
  const ask = async (lookUp: LookUp<Change>): Promise<readonly FoundRow[]> => {
    const keys = keysOf(lookUp, changes, results);
    return keys.length === 0 ? [] : fetchRows(lookUp, keys);
  };
  for (const [name, lookUp] of lookUps)
    results[name] = lookedUp(name, lookUp.row, early.get(lookUp) ?? (await ask(lookUp)));
  return results;
}

/** The distinct keys of some changes, in order; `found` by the look-ups before. */
export function keysOf<Change>(
  lookUp: LookUp<Change>,
  changes: readonly Change[],
  found: LookUpResults,
): string[] {
  if (lookUp.isNeeded?.(found) === false) return [];
  const keys = new Set<string>();
  let before: readonly (string | null | undefined)[] = [];
  for (const change of changes) {
    const wanted = lookUp.keysOf(change);
    // A look-up whose keys are the same for all changes gives one list.
    if (wanted === before) continue;
    before = wanted;
    for (const key of wanted) if (key !== null && key !== undefined) keys.add(key);
  }
  return [...keys].toSorted();
}

/** What of `rows` a transform sees. */
export function lookedUp(
  name: string,
  shape: z.ZodObject,
  rows: readonly FoundRow[],
): LookedUp<Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>[]>();
  for (const { key, ...row } of rows) {
    if (typeof key !== 'string') throw invalid(name, 'a row has no text in its column "key"');
    const parsed = shape.safeParse('key' in shape.shape ? { key, ...row } : row);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw invalid(name, `key "${key}": ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
    }
    const known = found.get(key);
    if (known === undefined) found.set(key, [parsed.data]);
    else known.push(parsed.data);
  }
  const all = (key: string | null | undefined): readonly Record<string, unknown>[] =>
    (key === null || key === undefined ? undefined : found.get(key)) ?? [];
  return { all, get: (key) => all(key)[0] };
}

function invalid(name: string, what: string): FreshetError {
  return new FreshetError('RECORD_INVALID', `look-up "${name}": ${what}`);
}
