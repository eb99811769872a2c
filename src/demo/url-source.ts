import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCsv } from '../runtime/csv.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';

/** A page of one of the example's sites. */
export interface SitePage {
  readonly site: string;
  readonly url: string;
  readonly title: string | null;
}

/** Where a data folder keeps real URLs: CSV with the columns account, url and title. */
const URL_FILES = [join('urls', 'dev.csv'), join('urls', 'unlabelled.csv')];
const SITES = 50;

const PATHS: readonly [string, ...string[]] = [
  '/',
  '/pricing',
  '/de/preise',
  '/about-us',
  '/a-propos',
  '/contact',
  '/jobs/{slug}',
  '/karriere',
  '/blog',
  '/blog/{slug}',
  '/blog/{year}/{slug}',
  '/blog/tag/{word}',
  '/news/{slug}-{id}',
  '/press-releases/{slug}',
  '/products/{slug}',
  '/collections/{word}',
  '/shop/{word}/{slug}-{id}.html',
  '/docs/{word}/{slug}',
  '/help/articles/{id}-{slug}',
  '/faq',
  '/privacy-policy',
  '/agb',
  '/login',
  '/konto/bestellungen',
  '/search?q={word}',
  '/vs/{word}',
  '/alternatives/{word}',
  '/customers/{slug}',
  '/integrations/{word}',
  '/features/{word}',
  '/solutions/{word}',
  '/guides/{slug}',
  '/events/{slug}',
  '/webinare/{slug}',
  '/forum/t/{slug}/{id}',
  '/author/{word}',
  '/download',
  '/files/{slug}.pdf',
  '/feed.xml',
  '/lp/{slug}?utm_campaign={word}',
  '/{slug}',
  '/%D0%BA%D0%BE%D0%BD%D1%82%D0%B0%D0%BA%D1%82%D1%8B',
];
const WORDS: readonly [string, ...string[]] = [
  'amber',
  'bridge',
  'copper',
  'delta',
  'ember',
  'field',
  'garden',
  'harbor',
  'island',
  'juniper',
  'kettle',
  'lantern',
  'meadow',
  'north',
  'orchard',
  'pepper',
];

/** The pages of a data folder, or an empty list where it has none. Throws CONFIG_INVALID on a broken file. */
export function readSitePages(folder: string): SitePage[] {
  return URL_FILES.map((file) => join(folder, file))
    .filter((path) => existsSync(path))
    .flatMap((path) => {
      const [header, ...records] = parseCsv(readFileSync(path, 'utf8'), path);
      const [site = -1, url = -1, title = -1] = ['account', 'url', 'title'].map(
        (name) => header?.fields.indexOf(name) ?? -1,
      );
      return records.map(({ fields }) => ({
        site: fields[site] ?? '',
        url: fields[url] ?? '',
        title: (fields[title] ?? '') === '' ? null : (fields[title] ?? ''),
      }));
    });
}

/** Pages of made-up sites. A seed gives the same ones always. */
export function* generateSitePages(count: number, seed: number): Generator<SitePage> {
  const random = createSeededRandom(seed);
  for (let n = 0; n < count; n++) {
    const site = `${WORDS[n % WORDS.length] ?? ''}-${1 + (n % SITES)}.example`;
    const path = filled(random.pick(PATHS), random);
    const title = random.next() < 0.3 ? `${capital(slug(random))} | ${capital(site)}` : null;
    yield { site, url: `https://www.${site}${path}`, title };
  }
}

/** As many pages as asked for: the given ones, then the same with slugs and numbers behind them. */
export function* varyPages(pages: readonly SitePage[], count: number, seed: number): Generator<SitePage> {
  const random = createSeededRandom(seed);
  for (let n = 0; n < count && pages.length > 0; n++) {
    const page = pages[n % pages.length];
    if (page === undefined) return;
    yield n < pages.length ? page : { ...page, url: varied(page.url, n, random) };
  }
}

function varied(url: string, n: number, random: SeededRandom): string {
  const parsed = URL.parse(url);
  if (parsed === null) return `${url} ${n}`;
  if (random.next() < 0.3) parsed.searchParams.set('ref', String(n));
  else parsed.pathname = `${parsed.pathname.replace(/\/$/, '')}/${slug(random)}-${n}`;
  return parsed.href;
}

function filled(path: string, random: SeededRandom): string {
  return path.replace(/\{(\w+)\}/g, (_, what: string) => {
    if (what === 'id') return String(1_000 + random.below(900_000));
    if (what === 'year') return String(2015 + random.below(11));
    return what === 'word' ? random.pick(WORDS) : slug(random);
  });
}

function slug(random: SeededRandom): string {
  return Array.from({ length: 2 + random.below(5) }, () => random.pick(WORDS)).join('-');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replaceAll('-', ' ');
}
