import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { dryRun } from '../consumers/classify/dry-run.ts';
import { type ClassifyCounts, classifyCounts } from '../consumers/classify/tally.ts';
import { countText } from '../runtime/quantity-text.ts';
import type { DemoExample } from './example.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';
import { generateSitePages, readSitePages } from './url-source.ts';
import { createUrlTables, loadUrls } from './url-tables.ts';

const TABLES = { urls: 'public.urls', accounts: 'public.accounts', patterns: 'public.page_type_patterns' };
const MAX_GENERATED = 5_000;
const WRITES = 200;
const SETTLE_MS = 10_000;
const SHOWN_TYPES = 8;

/** URLs of accounts, which get their page types back into their rows. */
export const urlsExample: DemoExample = {
  pipeline: 'classify',
  tables: ['public.urls', 'public.page_type_patterns'],
  createTables: createUrlTables,
  async fill(source, { folder, generatedRows, seed }) {
    const before = await countRows(source);
    if (before > 0) return { rows: before, duplicates: 0, existing: true };
    const real = folder === null ? [] : readSitePages(folder);
    const pages = real.length > 0 ? real : generateSitePages(Math.min(generatedRows, MAX_GENERATED), seed);
    await loadUrls(source, pages);
    await source.query(
      `UPDATE public.urls SET page_type = 'landing', page_type_source = 'manual' WHERE id % 50 = 7;
       INSERT INTO public.page_type_patterns (account_id, pattern, page_type) VALUES (1, '/blog/*', 'resource'), (2, '/**/news/*', 'press')`,
    );
    return { rows: await countRows(source), duplicates: 0, existing: false };
  },
  async write(source, seed, signal) {
    const random = createSeededRandom(seed);
    const { rows } = await source.query<{ id: string }>('SELECT id FROM public.urls ORDER BY id');
    const ids = rows.map(({ id }) => id);
    for (const page of generateSitePages(WRITES, seed)) {
      signal.throwIfAborted();
      const [sql, values] = randomWrite(random, ids[random.below(ids.length)] ?? '0', page.url);
      await source.query(sql, [...values]);
    }
  },
  async inspect({ source }, differ) {
    const counts = await settledCounts(source);
    if (counts.classified > 0)
      differ(`classify: ${counts.classified} URLs do not have the type they should have`);
    const { types, skipped, errors, low_confidence } = counts;
    return {
      mismatches: counts.classified,
      figures: { urls: counts.processed, types, manual: skipped, errors, low_confidence },
      lines: typeLines(counts),
    };
  },
  toTry: ({ sourceUrl }) => [
    'Add a URL, and see its type a moment later; then a pattern of the account that overrules it:',
    `  psql '${sourceUrl}' -c "INSERT INTO urls (account_id, url) VALUES (1, 'https://acme.example/de/preise') RETURNING id"`,
    `  psql '${sourceUrl}' -c "SELECT url, page_type, page_type_rule FROM urls ORDER BY id DESC LIMIT 1"`,
    `  psql '${sourceUrl}' -c "INSERT INTO page_type_patterns (account_id, pattern, page_type) VALUES (1, '/de/*', 'landing')"`,
  ],
};

function randomWrite(random: SeededRandom, id: string, url: string): readonly [string, readonly string[]] {
  const set = (assignment: string): string => `UPDATE public.urls SET ${assignment} WHERE id = $1`;
  return random.pick([
    [
      'INSERT INTO public.urls (account_id, url) SELECT 1 + $1::bigint % 50, $2 WHERE EXISTS (SELECT FROM public.accounts WHERE id = 1 + $1::bigint % 50)',
      [id, url],
    ],
    [set('url = $2'), [id, url]],
    [set('title = $2'), [id, 'Terms of use']],
    [set('clicks = clicks + 1'), [id]],
    [set(`page_type = 'event', page_type_source = 'manual'`), [id]],
    [set('page_type = NULL, page_type_source = NULL'), [id]],
    ['DELETE FROM public.urls WHERE id = $1', [id]],
    [
      `INSERT INTO public.page_type_patterns (account_id, pattern, page_type)
       SELECT 1 + $1::bigint % 50, '/' || split_part($2, '/', 4) || '/*', 'feature'`,
      [id, url],
    ],
  ]);
}

/** What is written comes back as a change, and is looked at once more: until then a pattern may not be applied. */
async function settledCounts(source: pg.ClientBase): Promise<ClassifyCounts> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const { tally } = await dryRun(source, TABLES, {
      account: null,
      anew: true,
      pageRows: 5_000,
      signal: new AbortController().signal,
      progress: () => {},
    });
    const counts = classifyCounts(tally);
    if (counts.classified === 0 || Date.now() > deadline) return counts;
    await sleep(200);
  }
}

function typeLines({ types, processed, skipped }: ClassifyCounts): string[] {
  const shown = Object.entries(types).slice(0, SHOWN_TYPES);
  const list = shown.map(([type, count]) => `${type} ${countText(count)}`).join(', ');
  const more = Object.keys(types).length > shown.length ? ', …' : '';
  return [
    `page types   ${countText(processed)} URLs, ${skipped} set by people`,
    `             ${list}${more}`,
  ];
}

async function countRows(source: pg.ClientBase): Promise<number> {
  const { rows } = await source.query<{ count: number }>(
    'SELECT (SELECT count(*) FROM public.urls)::int + (SELECT count(*) FROM public.page_type_patterns)::int AS count',
  );
  return rows[0]?.count ?? 0;
}
