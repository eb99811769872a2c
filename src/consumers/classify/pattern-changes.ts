import type { ClientBase } from 'pg';
import { textArray } from '../../sinks/array-parameter.ts';
import { readPatterns } from './account-patterns.ts';
import { DirectoryMatcher } from './directory-patterns.ts';
import type { UrlJudge } from './judge.ts';
import type { ClassifyTables } from './tables.ts';
import { urlParts } from './url-parts.ts';
import type { PatternRow, UrlRow } from './url-row.ts';
import type { UrlTable } from './url-changes.ts';
import type { JudgedUrl } from './url-writer.ts';

/** A row of `page_type_patterns` that is there now, or is gone. */
export type PatternChange =
  | { readonly kind: 'set'; readonly row: PatternRow }
  | { readonly kind: 'gone'; readonly id: string };

/** Patterns before and after, by account: a URL that one of them fits is concerned. */
type Concerned = Map<string, Omit<PatternRow, 'id'>[]>;

interface WriteTotals {
  readonly judged: number;
  readonly written: number;
}

const PAGE = 5_000;

/**
 * Brings page types after changes of patterns: URLs of the same account that the pattern fits, as it was
 * applied last or as it is now. Which one wins is decided by the patterns as they are by now.
 */
export class PatternChanges {
  readonly #tables: ClassifyTables;
  readonly #judge: UrlJudge;

  constructor(tables: ClassifyTables, judge: UrlJudge) {
    this.#tables = tables;
    this.#judge = judge;
  }

  async apply(
    client: ClientBase,
    urls: UrlTable,
    changes: readonly PatternChange[],
    origin: string,
  ): Promise<WriteTotals> {
    const before = await storedBefore(client, changes);
    const concerned: Concerned = new Map();
    for (const change of changes) {
      const old = before.get(change.kind === 'set' ? change.row.id : change.id);
      const now = change.kind === 'set' ? change.row : undefined;
      if (now !== undefined && old !== undefined && isSame(old, now)) continue;
      for (const pattern of [old, now]) if (pattern !== undefined) add(concerned, pattern);
    }
    await store(client, changes, origin);
    return this.#reclassify(client, urls, concerned);
  }

  /** All patterns that came from `origin` are gone. */
  async clear(client: ClientBase, urls: UrlTable, origin: string): Promise<WriteTotals> {
    const { rows } = await client.query<PatternRow>(
      'DELETE FROM freshet.classify_patterns WHERE origin = $1 RETURNING id, account_id, pattern, page_type, ordinal',
      [origin],
    );
    const concerned: Concerned = new Map();
    for (const row of rows) add(concerned, row);
    return this.#reclassify(client, urls, concerned);
  }

  async #reclassify(client: ClientBase, urls: UrlTable, concerned: Concerned): Promise<WriteTotals> {
    let judged = 0;
    let written = 0;
    const { matchers } = await readPatterns(client, this.#tables.patterns, concerned.keys());
    for (const [account, patterns] of concerned) {
      const fits = matcherOfAny(patterns);
      for await (const rows of urls.reader.pages(client, account, PAGE)) {
        const changed = this.#judgeAll(
          rows.filter((row) => isFitted(row, fits)),
          matchers.get(account),
        );
        judged += changed.length;
        written += (await urls.writer.write(client, changed)).size;
      }
    }
    return { judged, written };
  }

  #judgeAll(rows: readonly UrlRow[], matcher: DirectoryMatcher | undefined): JudgedUrl[] {
    const judged: JudgedUrl[] = [];
    for (const row of rows) {
      const judgement = this.#judge.judge(row, matcher, false);
      if (judgement.kind === 'judged') judged.push({ row, value: judgement.value });
    }
    return judged;
  }
}

function add(concerned: Concerned, pattern: Omit<PatternRow, 'id'>): void {
  const account = pattern.account_id;
  if (account === null) return;
  const patterns = concerned.get(account) ?? [];
  patterns.push(pattern);
  concerned.set(account, patterns);
}

/** What is no pattern fits nothing, and is left out by `compile`. */
function matcherOfAny(patterns: readonly Omit<PatternRow, 'id'>[]): DirectoryMatcher {
  return DirectoryMatcher.compile(
    patterns.map(({ pattern, page_type, ordinal }) => ({
      pattern: pattern ?? '',
      type: page_type ?? '',
      ordinal,
    })),
  ).matcher;
}

function isFitted({ url }: UrlRow, matcher: DirectoryMatcher): boolean {
  const parts = url === null ? null : urlParts(url);
  return parts !== null && matcher.match(parts.path) !== undefined;
}

function isSame(a: PatternRow, b: PatternRow): boolean {
  return (
    a.account_id === b.account_id &&
    a.pattern === b.pattern &&
    a.page_type === b.page_type &&
    a.ordinal === b.ordinal
  );
}

async function storedBefore(
  client: ClientBase,
  changes: readonly PatternChange[],
): Promise<Map<string, PatternRow>> {
  const ids = changes.map((change) => (change.kind === 'set' ? change.row.id : change.id));
  const { rows } = await client.query<PatternRow>(
    `SELECT id, account_id, pattern, page_type, ordinal FROM freshet.classify_patterns WHERE id = ANY ($1::text[])`,
    [textArray(ids)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function store(client: ClientBase, changes: readonly PatternChange[], origin: string): Promise<void> {
  const gone = changes.flatMap((change) => (change.kind === 'gone' ? [change.id] : []));
  if (gone.length > 0)
    await client.query('DELETE FROM freshet.classify_patterns WHERE id = ANY ($1::text[])', [
      textArray(gone),
    ]);
  const rows = changes.flatMap((change) => (change.kind === 'set' ? [change.row] : []));
  if (rows.length === 0) return;
  await client.query(
    `INSERT INTO freshet.classify_patterns (id, account_id, pattern, page_type, ordinal, origin)
     SELECT p.*, $6 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[]) AS p
     ON CONFLICT (id) DO UPDATE SET account_id = EXCLUDED.account_id, pattern = EXCLUDED.pattern,
       page_type = EXCLUDED.page_type, ordinal = EXCLUDED.ordinal, origin = EXCLUDED.origin`,
    [
      textArray(rows.map((row) => row.id)),
      textArray(rows.map((row) => row.account_id)),
      textArray(rows.map((row) => row.pattern)),
      textArray(rows.map((row) => row.page_type)),
      textArray(rows.map((row) => String(row.ordinal))),
      origin,
    ],
  );
}
