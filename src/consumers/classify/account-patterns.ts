import type { ClientBase } from 'pg';
import { textArray } from '../../sinks/array-parameter.ts';
import { DirectoryMatcher, type PatternProblem } from './directory-patterns.ts';
import { quoteName } from './tables.ts';

interface AccountPatterns {
  readonly matchers: ReadonlyMap<string, DirectoryMatcher>;
  /** Patterns that are left out, as they are no patterns. */
  readonly problems: readonly (PatternProblem & { readonly account: string })[];
}

interface StoredPattern {
  readonly account: string;
  readonly pattern: string;
  readonly type: string;
  readonly ordinal: number;
}

/** The directory patterns of some accounts (null: of all) as they are now; accounts without any are left out. */
export async function readPatterns(
  client: ClientBase,
  table: string,
  accounts: Iterable<string> | null,
): Promise<AccountPatterns> {
  const chosen = accounts === null ? null : [...new Set(accounts)];
  if (chosen?.length === 0) return { matchers: new Map(), problems: [] };
  const { rows } = await client.query<StoredPattern>(
    `SELECT account_id::text AS account, coalesce(pattern, '') AS pattern, coalesce(page_type::text, '') AS type,
            coalesce(ordinal, 0)::float8 AS ordinal
       FROM ${quoteName(table)} WHERE $1::text[] IS NULL OR account_id::text = ANY ($1::text[])
      ORDER BY ordinal, id`,
    [chosen === null ? null : textArray(chosen)],
  );
  const matchers = new Map<string, DirectoryMatcher>();
  const problems: (PatternProblem & { account: string })[] = [];
  for (const [account, patterns] of Map.groupBy(rows, (row) => row.account)) {
    const compiled = DirectoryMatcher.compile(patterns);
    matchers.set(account, compiled.matcher);
    problems.push(...compiled.problems.map((problem) => ({ ...problem, account })));
  }
  return { matchers, problems };
}
