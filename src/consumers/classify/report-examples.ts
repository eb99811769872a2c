import type { ClientBase } from 'pg';
import { CLASSIFIER_VERSION } from './classifier.ts';
import { readPatterns } from './account-patterns.ts';
import type { PatternProblem } from './directory-patterns.ts';
import { INVALID_RULE, LOW_CONFIDENCE, type PageTypeValue } from './judge.ts';
import { type ClassifyTables, quoteName } from './tables.ts';
import { CLASSIFIER_SOURCE, type UrlRow } from './url-row.ts';

interface UrlExample {
  readonly id: string;
  readonly account_id: string | null;
  readonly url: string | null;
}

export interface JudgedExample extends UrlExample {
  readonly type: string;
  readonly confidence: number;
  readonly rule: string;
}

interface ChangeExample extends JudgedExample {
  readonly before: string | null;
}

/** A few rows of each kind, for a person to look at. */
export interface ClassifyExamples {
  /** The least certain judgements. */
  readonly low_confidence: readonly JudgedExample[];
  /** URLs that cannot be parsed. */
  readonly errors: readonly UrlExample[];
  /** What a dry run would change. */
  readonly changes: readonly ChangeExample[];
  /** Rows of `page_type_patterns` that are left out, and why. */
  readonly bad_patterns: readonly string[];
}

const SHOWN = 10;

/** Keeps the first of each kind, and the least certain ones. */
export class ExampleCollector {
  #low: JudgedExample[] = [];
  readonly #errors: UrlExample[] = [];
  readonly #changes: ChangeExample[] = [];
  readonly #badPatterns: string[] = [];

  get examples(): ClassifyExamples {
    return {
      low_confidence: this.#low,
      errors: this.#errors,
      changes: this.#changes,
      bad_patterns: this.#badPatterns,
    };
  }

  lowConfidence(row: UrlRow, value: PageTypeValue): void {
    const highest = this.#low.length < SHOWN ? 1 : (this.#low.at(-1)?.confidence ?? 1);
    if (value.confidence >= highest) return;
    this.#low = [...this.#low, judgedExample(row, value)]
      .toSorted((a, b) => a.confidence - b.confidence)
      .slice(0, SHOWN);
  }

  error(row: UrlRow): void {
    if (this.#errors.length < SHOWN) this.#errors.push(urlExample(row));
  }

  change(row: UrlRow, value: PageTypeValue): void {
    if (this.#changes.length >= SHOWN) return;
    this.#changes.push({ ...judgedExample(row, value), before: row.page_type });
  }

  badPattern(problem: PatternProblem & { readonly account: string }): void {
    if (this.#badPatterns.length < SHOWN) this.#badPatterns.push(problemText(problem));
  }
}

/** What is in the tables after a backfill. `account` null: of all accounts. */
export async function readExamples(
  client: ClientBase,
  { urls, patterns }: ClassifyTables,
  account: string | null,
): Promise<ClassifyExamples> {
  const examples = async (condition: string): Promise<JudgedExample[]> => {
    const { rows } = await client.query<JudgedExample>(
      `SELECT id::text AS id, account_id::text AS account_id, url::text AS url, page_type::text AS type,
              page_type_confidence::text::float8 AS confidence, page_type_rule::text AS rule
         FROM ${quoteName(urls)}
        WHERE page_type_source::text = '${CLASSIFIER_SOURCE}' AND page_type_version::text = '${CLASSIFIER_VERSION}'
          AND ($1::text IS NULL OR account_id::text = $1) AND ${condition}
        ORDER BY page_type_confidence, id LIMIT ${SHOWN}`,
      [account],
    );
    return rows;
  };
  const bad = `page_type_rule::text = '${INVALID_RULE}'`;
  const { problems } = await readPatterns(client, patterns, account === null ? null : [account]);
  return {
    low_confidence: await examples(`page_type_confidence < ${LOW_CONFIDENCE} AND NOT ${bad}`),
    errors: (await examples(bad)).map(({ id, account_id, url }) => ({ id, account_id, url })),
    changes: [],
    bad_patterns: problems.slice(0, SHOWN).map(problemText),
  };
}

function problemText({ account, message }: PatternProblem & { readonly account: string }): string {
  return `account ${account}: ${message}`;
}

function urlExample({ id, account_id, url }: UrlRow): UrlExample {
  return { id, account_id, url };
}

function judgedExample(row: UrlRow, { type, confidence, rule }: PageTypeValue): JudgedExample {
  return { ...urlExample(row), type, confidence, rule };
}
