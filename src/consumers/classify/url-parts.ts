import { parse as parseHost } from 'tldts';
import { isLanguageCode, isLocale } from './locales.ts';
import { type Words, wordsOf } from './words.ts';

/** A host by the public-suffix list (private suffixes such as github.io included). */
export interface HostParts {
  readonly hostname: string;
  /** Labels before the registrable domain, outermost first, `www` and the like left out. */
  readonly subdomains: readonly string[];
  /** The registrable domain's own label: "example" of shop.example.co.uk; empty for an IP address. */
  readonly name: string;
  /** "example.co.uk"; the hostname where there is none. */
  readonly domain: string;
  readonly suffix: string;
}

export interface Segment {
  /** Percent-decoded, as it was written. */
  readonly text: string;
  readonly words: Words;
}

/** A URL as the rules see it. */
export interface UrlParts {
  readonly host: HostParts;
  /** The path's segments, percent-decoded, nothing left out. */
  readonly path: readonly string[];
  /** Without locale prefixes, index files and file endings; also the route of a `#/route`. */
  readonly segments: readonly Segment[];
  /** Whether a locale was found in the path. */
  readonly localized: boolean;
  /** Lower-case file ending of the last segment without its dot, or empty. */
  readonly extension: string;
  /** Without tracking parameters; names lower case. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** What follows `#`, unless it is a route; lower case. */
  readonly fragment: string;
}

const TRACKING =
  /^(utm_|mtm_|pk_|hsa_|trk|__hs|_hs|mc_|fbclid|gclid|gclsrc|dclid|msclkid|yclid|twclid|igshid|ref$|ref_|referrer$|cmp$|icmp|ga_|vero_|oly_|wt_|at_|gad_|gbraid|wbraid|srsltid|si$|spm$|scm$|_ga$|_gl$|wickedid|ncid$|sref$|affid$|campaign(id)?$|lang$|language$|locale$|hl$|lng$)/;
const INDEX_FILE = /^(index|default|main|home|start)\.(html?|php\d?|aspx?|jsp|cfm|cgi|xhtml|shtml)$/;
const EXTENSION = /\.([a-z][a-z\d]{1,5})$/;
/** A version or a domain at a segment's end is no file ending: `/v1.2`, `/example.com`. */
const FILE_ENDINGS = new Set(
  (
    'html htm xhtml shtml php php3 php5 asp aspx jsp jspx do action cfm cgi pl mi node page stm story ' +
    'pdf doc docx xls xlsx ppt pptx odt epub zip gz tgz bz2 xz rar 7z exe msi dmg pkg deb rpm apk ipa iso jar bin appimage whl ' +
    'png jpg jpeg gif svg webp ico bmp tif tiff avif mp3 mp4 m4a m4v avi mov webm wav ogg css js mjs woff woff2 ttf ' +
    'xml rss atom rdf json jsonld yml yaml txt csv md ics dtd xsd wsdl'
  ).split(' '),
);
/** File endings of pages; they say nothing about the type. */
const PAGE_ENDINGS = new Set(
  'html htm xhtml shtml php php3 php5 asp aspx jsp jspx do action cfm cgi pl mi node page stm story md'.split(
    ' ',
  ),
);
const EMPTY_QUERY: UrlParts['query'] = [];
/** The rules look at the first segments and the last one of a longer path. */
const MAX_SEGMENTS = 32;
const HOST_CACHE_SIZE = 4096;
const hosts = new Map<string, HostParts>();

/** Takes a URL apart. `null` where WHATWG `URL` refuses it or it is not http(s). */
export function urlParts(url: string): UrlParts | null {
  const parsed = URL.parse(url.trim());
  if (parsed === null || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) return null;
  const hash = parsed.hash;
  const route =
    hash.startsWith('#/') || hash.startsWith('#!') ? hash.slice(hash.startsWith('#!') ? 2 : 1) : '';
  const whole = splitPath(parsed.pathname);
  const routed = route === '' ? whole : [...whole, ...splitPath(route.split('?')[0] ?? '')];
  const texts =
    routed.length > MAX_SEGMENTS ? [...routed.slice(0, MAX_SEGMENTS - 1), routed.at(-1) ?? ''] : [...routed];
  const extension = takeExtension(texts);
  const before = texts.length;
  stripLocales(texts);
  return {
    host: hostParts(parsed.hostname),
    path: whole,
    segments: texts.map((text) => ({ text, words: wordsOf(text) })),
    localized: texts.length !== before,
    extension,
    query: parsed.search === '' ? EMPTY_QUERY : queryOf(parsed.searchParams),
    fragment: route === '' && hash.length > 1 ? decode(hash.slice(1)).toLowerCase() : '',
  };
}

function splitPath(path: string): string[] {
  const texts: string[] = [];
  for (const raw of path.split('/')) {
    if (raw === '') continue;
    const text = raw.includes('%') ? decode(raw) : raw;
    if (text.trim() !== '') texts.push(text);
  }
  return texts;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Removes an index file, or a page's file ending, from the last segment; tells the ending. */
function takeExtension(texts: string[]): string {
  const last = texts.at(-1)?.toLowerCase();
  if (last === undefined) return '';
  if (INDEX_FILE.test(last)) {
    texts.pop();
    return '';
  }
  const extension = EXTENSION.exec(last)?.[1] ?? '';
  if (!FILE_ENDINGS.has(extension)) return '';
  texts[texts.length - 1] = texts[texts.length - 1]?.slice(0, -extension.length - 1) ?? '';
  return PAGE_ENDINGS.has(extension) ? 'page' : extension;
}

function stripLocales(texts: string[]): void {
  for (let i = 0; i < 2 && texts.length > 0; i++) {
    if (!isLocale((texts[0] ?? '').toLowerCase(), texts.length === 1)) break;
    texts.shift();
  }
  if (texts.length > 1 && isLanguageCode((texts.at(-1) ?? '').toLowerCase())) texts.pop();
  for (let i = 1; i < texts.length - 1; i++) {
    if (isLanguageCode((texts[i] ?? '').toLowerCase())) texts.splice(i, 1);
  }
}

function queryOf(params: URLSearchParams): UrlParts['query'] {
  const query: [string, string][] = [];
  for (const [name, value] of params) {
    const lower = name.toLowerCase();
    if (!TRACKING.test(lower)) query.push([lower, value]);
  }
  return query;
}

function hostParts(hostname: string): HostParts {
  const known = hosts.get(hostname);
  if (known !== undefined) return known;
  const parts = parseHostname(hostname);
  if (hosts.size >= HOST_CACHE_SIZE) hosts.clear();
  hosts.set(hostname, parts);
  return parts;
}

function parseHostname(hostname: string): HostParts {
  const host = parseHost(hostname, { allowPrivateDomains: true, extractHostname: false });
  const subdomains = (host.subdomain ?? '')
    .split('.')
    .filter((label) => label !== '' && !/^(www?\d*|web|m|mobile)$/.test(label));
  return {
    hostname,
    subdomains,
    name: host.domainWithoutSuffix ?? '',
    domain: host.domain ?? hostname,
    suffix: host.publicSuffix ?? '',
  };
}
