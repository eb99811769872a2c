import { createSeededRandom, type SeededRandom } from './seeded-random.ts';

export type WriteKind = 'insert' | 'describe' | 'price' | 'rename' | 'fill' | 'clear' | 'delete';

/** One statement that changes exactly one row of the table. */
export interface RandomWrite {
  readonly kind: WriteKind;
  /** The row's sku once the statement is done; of a delete, the one that is gone. */
  readonly sku: string;
  readonly sql: string;
  readonly params: readonly (string | null)[];
}

export interface RandomWritesOptions {
  readonly seed: number;
  readonly count: number;
  /** The skus that the table holds now. */
  readonly skus: Iterable<string>;
  /** As SQL, quoted where it must be; `public.products` by default. */
  readonly table?: string;
}

const WORDS = [
  'quiet',
  'sturdy',
  'light',
  'washable',
  'foldable',
  'bright',
  'slim',
  'hand-made',
  'renewed',
  'käfer',
  '静か',
] as const;
const INSERTS: readonly WriteKind[] = ['insert'];
/** Drawn with equal chances; listed twice is twice as likely. */
const KINDS = [
  'insert',
  'insert',
  'describe',
  'describe',
  'price',
  'price',
  'rename',
  'fill',
  'clear',
  'delete',
] as const satisfies WriteKind[];

/**
 * Random writes against the demo's products, one statement each, meant to be run in order. It keeps its
 * own model of which skus exist: every update and delete meets a row, no insert or new key collides. The
 * model is `skus`: after the last write, those the table must hold. A seed gives the same writes always.
 */
export class RandomWrites implements Iterable<RandomWrite> {
  readonly #options: RandomWritesOptions;
  readonly #table: string;
  readonly #skus: string[];
  readonly #known: Set<string>;
  #made = 0;

  constructor(options: RandomWritesOptions) {
    this.#options = options;
    this.#table = options.table ?? 'public.products';
    this.#known = new Set(options.skus);
    this.#skus = [...this.#known];
  }

  /** The skus that exist after the writes drawn so far. */
  get skus(): ReadonlySet<string> {
    return new Set(this.#skus);
  }

  *[Symbol.iterator](): Generator<RandomWrite> {
    const random = createSeededRandom(this.#options.seed);
    for (let i = 0; i < this.#options.count; i++) {
      const kind = this.#skus.length === 0 ? INSERTS[0] : random.pick(KINDS);
      yield this.#write(kind ?? 'insert', random);
    }
  }

  #write(kind: WriteKind, random: SeededRandom): RandomWrite {
    if (kind === 'insert') return this.#insert(random);
    const at = random.below(this.#skus.length);
    const sku = this.#skus[at] ?? '';
    if (kind === 'rename') return this.#rename(at, sku);
    if (kind === 'delete') return this.#delete(at, sku);
    return { kind, sku, ...this.#update(kind, sku, random) };
  }

  #insert(random: SeededRandom): RandomWrite {
    const sku = this.#newSku();
    this.#skus.push(sku);
    const params = [
      sku,
      `Random ${sku}`,
      random.pick(['Acme™', 'ACME', 'Black', null]),
      '["Toys >> Puzzles"]',
      text(random),
      price(random),
      'USD',
    ];
    const sql = `INSERT INTO ${this.#table} (sku, name, manufacturer, category_path, description, price, currency, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, now())`;
    return { kind: 'insert', sku, sql, params };
  }

  #rename(at: number, old: string): RandomWrite {
    const sku = this.#newSku();
    this.#skus[at] = sku;
    return {
      kind: 'rename',
      sku,
      sql: `UPDATE ${this.#table} SET sku = $1, updated_at = now() WHERE sku = $2`,
      params: [sku, old],
    };
  }

  #delete(at: number, sku: string): RandomWrite {
    const last = this.#skus.pop();
    if (last !== undefined && at < this.#skus.length) this.#skus[at] = last;
    return { kind: 'delete', sku, sql: `DELETE FROM ${this.#table} WHERE sku = $1`, params: [sku] };
  }

  #update(
    kind: 'describe' | 'price' | 'fill' | 'clear',
    sku: string,
    random: SeededRandom,
  ): Pick<RandomWrite, 'sql' | 'params'> {
    const set = (assignment: string) =>
      `UPDATE ${this.#table} SET ${assignment}, updated_at = now() WHERE sku = $1`;
    switch (kind) {
      case 'describe':
        return { sql: set('description = $2'), params: [sku, text(random)] };
      case 'price':
        return { sql: set('price = $2'), params: [sku, price(random)] };
      case 'fill':
        return {
          sql: set('manufacturer = coalesce(manufacturer, $2)'),
          params: [sku, random.pick(['Acme', 'Acme Inc.', 'ACME®'])],
        };
      case 'clear':
        return { sql: set('image_url = NULL'), params: [sku] };
    }
  }

  #newSku(): string {
    let sku: string;
    do sku = `RND-${this.#options.seed}-${++this.#made}`;
    while (this.#known.has(sku));
    this.#known.add(sku);
    return sku;
  }
}

function text(random: SeededRandom): string {
  return Array.from({ length: 3 + random.below(6) }, () => random.pick(WORDS)).join(' ');
}

function price(random: SeededRandom): string {
  return (random.below(1_000_000) / 100).toFixed(2);
}
