import type { AppliedChange } from '../../consumers/observer.ts';
import type { ShownChange, ShownValue } from './page-events.ts';

/** Of one pipeline, between two looks. */
const MOST_A_LOOK = 2;
const MOST_KEPT = 14;
const MOST_COLUMNS = 8;
const MOST_CHARACTERS = 48;

/** A few of the changes that are being applied, for people who watch. Takes none while nobody does. */
export class ChangeSample {
  readonly #personal: ReadonlySet<string>;
  readonly #taken = new Map<string, number>();
  #fresh: ShownChange[] = [];
  #kept: ShownChange[] = [];
  #count = 0;
  isWatched = false;

  /** `personalColumns`: "column" of any table, or "schema.table.column". */
  constructor(personalColumns: readonly string[]) {
    this.#personal = new Set(personalColumns);
  }

  /** `sample` gives at most as many as it is asked for. */
  offer(pipeline: string, sample: (most: number) => readonly AppliedChange[]): void {
    if (!this.isWatched) return;
    const taken = this.#taken.get(pipeline) ?? 0;
    if (taken >= MOST_A_LOOK) return;
    const changes = sample(MOST_A_LOOK - taken);
    this.#taken.set(pipeline, taken + changes.length);
    for (const change of changes) this.#fresh.push(this.#shown(pipeline, change));
  }

  /** What came since the last look. */
  take(): readonly ShownChange[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    this.#taken.clear();
    if (fresh.length > 0) this.#kept = [...this.#kept, ...fresh].slice(-MOST_KEPT);
    return fresh;
  }

  /** The last ones, for who begins to watch. */
  get kept(): readonly ShownChange[] {
    return this.#kept;
  }

  #shown(pipeline: string, { table, kind, key, row, committedMs }: AppliedChange): ShownChange {
    const now = Date.now();
    const others = Object.entries(row ?? {}).filter(([column]) => !(column in key));
    return {
      id: ++this.#count,
      at: new Date(now).toISOString(),
      pipeline,
      table,
      kind,
      key: this.#values(table, Object.entries(key)),
      row: this.#values(table, others),
      latencyMs: committedMs === null ? null : Math.max(0, now - committedMs),
    };
  }

  #values(table: string, columns: readonly (readonly [string, unknown])[]): ShownValue[] {
    return columns.slice(0, MOST_COLUMNS).map(([column, value]) => {
      const isPersonal = this.#personal.has(column) || this.#personal.has(`${table}.${column}`);
      return { column, text: isPersonal ? null : textOf(value) };
    });
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = typeof value === 'string' ? value.slice(0, MOST_CHARACTERS + 1) : plain(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}

function plain(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value) && value.length > MOST_COLUMNS) return `${value.length} values`;
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)) ?? '';
}
