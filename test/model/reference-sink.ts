import { type ChangeRecord, UNAVAILABLE } from '../../src/change/change.ts';
import type { Laws } from './laws.ts';
import type { LoggedRecord, SimulatedKafka } from './simulated-kafka.ts';
import { isTooLarge, type Row, type SimulatedPostgres } from './simulated-postgres.ts';

interface SinkRow {
  readonly a: number;
  readonly t: string;
  readonly b: number | null;
  readonly partition: string;
  /** Epoch in which the row was last seen. */
  readonly epoch: number;
}

interface Lane {
  /** Highest applied position; stored with the rows. */
  position: string;
  offset: number;
}

type RowChange = ChangeRecord & { op: 'c' | 'u' | 'r' };

/** The least that a sink must do by docs/architecture.md, "Replays": skip by position, and never guess a value. */
export class ReferenceSink {
  readonly #rows = new Map<string, SinkRow>();
  readonly #lanes = new Map<string, Lane>();
  /** Row → how far along its timeline the sink has shown it. */
  readonly #shown = new Map<string, number>();
  readonly #kafka: SimulatedKafka;
  readonly #postgres: SimulatedPostgres;
  readonly #laws: Laws;

  constructor(kafka: SimulatedKafka, postgres: SimulatedPostgres, laws: Laws) {
    this.#kafka = kafka;
    this.#postgres = postgres;
    this.#laws = laws;
  }

  /** Reads up to `count` records of one of the partitions. */
  consume(choice: number, count: number): boolean {
    const names = [...this.#kafka.logs.keys()];
    const name = names[choice % Math.max(1, names.length)];
    if (name === undefined) return false;
    const lane = this.#lane(name);
    const records = this.#kafka.logs.get(name)?.slice(lane.offset, lane.offset + count) ?? [];
    for (const record of records) this.#apply(name, lane, record);
    lane.offset += records.length;
    return records.length > 0;
  }

  consumeAll(): void {
    for (const [index] of [...this.#kafka.logs.keys()].entries()) while (this.consume(index, 100));
  }

  /** Kafka's offsets are reset; what is applied stays applied. */
  rewind(): void {
    for (const lane of this.#lanes.values()) lane.offset = 0;
  }

  get state(): string {
    return JSON.stringify([...this.#rows].toSorted(([one], [two]) => (one < two ? -1 : 1)));
  }

  compareWithSource(): void {
    for (let table = 0; table < this.#postgres.tables; table++) {
      for (let key = 0; key < this.#postgres.keys; key++) {
        const row = this.#rows.get(`t${table}:${key}`);
        const source = this.#postgres.rows(table).get(key);
        if (isTooLarge(source)) {
          // Whatever the sink shows was judged by the other laws.
          if (!this.#kafka.letters.has(`public.t${table} ["${key}"]`))
            this.#laws.broken('final', `t${table}:${key} is too large and has no dead letter`);
          continue;
        }
        if (row?.a === source?.a && row?.t === source?.t && (row?.b ?? null) === (source?.b ?? null))
          continue;
        this.#laws.broken(
          'final',
          `t${table}:${key} is ${show(row)} in the sink, ${show(source)} in the source`,
        );
      }
    }
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) this.#lanes.set(name, (lane = { position: '', offset: 0 }));
    return lane;
  }

  #apply(partition: string, lane: Lane, { change, position }: LoggedRecord): void {
    if (change === null || position === null || position <= lane.position) return;
    lane.position = position;
    if (change.op === 't') this.#removeWhere((row) => row.partition === partition);
    else if (change.op === 'sweep')
      this.#removeWhere((row) => row.partition === partition && row.epoch < change.before);
    else if (change.op === 'd') this.#remove(nameOf(change));
    else this.#write(change, partition);
  }

  #write(change: RowChange, partition: string): void {
    const name = nameOf(change);
    const { epoch } = change.position;
    const old = this.#rows.get(name);
    const { a, t, b } = change.after;
    const isPartial = t === UNAVAILABLE;
    if (isPartial && (old === undefined || old.epoch < epoch)) return;
    const row = {
      a: Number(a),
      t: isPartial ? (old?.t ?? '') : String(t),
      b: typeof b === 'number' ? b : null,
      partition,
      epoch,
    };
    this.#rows.set(name, row);
    this.#show(name, row);
  }

  #removeWhere(isGone: (row: SinkRow) => boolean): void {
    for (const [name, row] of this.#rows) if (isGone(row)) this.#remove(name);
  }

  #remove(name: string): void {
    this.#rows.delete(name);
    this.#show(name, null);
  }

  /** The state must be the one shown before, or a later one. Absences look alike: the earliest that fits is taken. */
  #show(name: string, row: SinkRow | null): void {
    const [table = 0, key = 0] = name.slice(1).split(':').map(Number);
    const timeline = this.#postgres.timeline(table, key);
    const from = this.#shown.get(name) ?? 0;
    const at = timeline.findIndex((state, index) => index >= from && state?.a === row?.a);
    // What cannot be carried is not seen in a new epoch either, and swept.
    if (at < 0 && row === null && timeline.slice(from).some(isTooLarge)) return;
    if (at < 0) {
      this.#laws.broken('order', `${name} shows ${show(row)} after ${show(timeline[from])}`);
      return;
    }
    this.#shown.set(name, at);
    const state = timeline[at];
    if (row !== null && (state?.t !== row.t || state.b !== row.b)) {
      this.#laws.broken('mixed', `${name} shows ${show(row)}, the source had ${show(state)}`);
    }
  }
}

function nameOf(change: ChangeRecord & { op: 'c' | 'u' | 'r' | 'd' }): string {
  return `${change.source.table}:${String(change.key['id'])}`;
}

function show(row: Pick<Row, 'a' | 't' | 'b'> | null | undefined): string {
  return row === null || row === undefined ? 'absent' : `(${row.a}, ${row.t}, ${row.b})`;
}
