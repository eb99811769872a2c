import { defineSignal, type SignalSet } from '../signals.ts';
import type { Context } from '../topic.ts';
import type { Segment, UrlParts } from '../url-parts.ts';

const YEAR = /^(19[89]\d|20[0-4]\d)$/;
const MONTH = /^(0?[1-9]|1[0-2]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*$/;
const DATED = /(^|[-_])(19[89]\d|20[0-4]\d)[-_.]?(0[1-9]|1[0-2])([-_.]?[0-3]\d)?([-_]|$)/;
const ENDS_WITH_YEAR = /(^|[^\d])(19[89]\d|20[0-4]\d)$|[a-z]20\d\d$/i;
const NUMBER = /^\d+$/;
const HEX_ID = /^[\da-f]{8}-[\da-f]{4}-|^[\da-f]{12,}$/i;
const SLUG_HASH = /-[\da-f]{9,12}$/i;
const TRAILING_ID = /[-_,.](a|art|id|aid)?\d{5,}$/i;
const LEADING_ID = /^\d{1,7}-[a-z]/i;
const PRODUCT_MARK =
  /[-_](p|prod|i|pd|art|dp|sku|a)[-_.]?\d{3,}$|-\d+-product$|_[ip]\d+$|^(p|prd|sku|i)-?\d{4,}$|^B0[A-Z\d]{8}$/i;
const LOCAL_ID = /^(?=.*\d)[A-Z\d]{6,}$/;
const HANDLE = /^[@~]\w/;
const IMAGE = new Set('png jpg jpeg gif svg webp ico bmp tif tiff avif'.split(' '));
const DOCUMENT = new Set('doc docx xls xlsx ppt pptx odt epub'.split(' '));
const BINARY = new Set(
  'zip gz tgz bz2 xz rar 7z exe msi dmg pkg deb rpm apk ipa iso jar bin appimage whl'.split(' '),
);
const MACHINE = new Set(
  'xml rss atom rdf json jsonld yml yaml ics dtd xsd wsdl css js mjs csv woff woff2 ttf'.split(' '),
);
const MEDIA = new Set('mp3 mp4 m4a m4v avi mov webm wav ogg'.split(' '));

const ROOT = defineSignal('shape:root', { homepage: 6 });
const LOCALE_ROOT = defineSignal('shape:locale-root', { homepage: 0.5 });
const ROOT_QUERY = defineSignal('shape:root-query', { homepage: -2.5 });
const PDF = defineSignal('file:pdf', { download: 10 });
const BINARY_FILE = defineSignal('file:binary', { download: 9 });
const DOCUMENT_FILE = defineSignal('file:document', { download: 7 });
const IMAGE_FILE = defineSignal('file:image', { other: 9 });
const MACHINE_FILE = defineSignal('file:machine-readable', { other: 7 });
const MEDIA_FILE = defineSignal('file:media', { other: 5 });
const TEXT_FILE = defineSignal('file:text', { other: 1.5, documentation: 1 });
const DATE_PATH = defineSignal('shape:date-path', { article: 6 });
const DATE_LIST = defineSignal('shape:date-list', { archive: 4 });
const YEAR_PAGE = defineSignal('shape:year', { event: 2.5 });
const YEAR_TAIL = defineSignal('shape:year-tail', { event: 2.8 });
const YEAR_SECTION = defineSignal('shape:year-section', { article: 1, event: 1.2 });
/** Content systems that write the slug as a folder: `/some-headline/story.html`. */
const STORY_FILE = /^(story|article|artikel|beitrag)$/i;
const STORY_PAGE = defineSignal('shape:story-file', { article: 3 });
const DATED_SLUG = defineSignal('shape:dated-slug', { article: 2 });
const PAGE_NUMBER = defineSignal('shape:page-number', { archive: 6 });
const PRODUCT_ID = defineSignal('shape:product-id', { product: 5.5 });
const LEADING_NUMBER = defineSignal('shape:leading-id', { product: 1.4, article: 0.4, category: 0.6 });
const LEADING_NUMBER_FILE = defineSignal('shape:leading-id-file', { product: 4.5 });
const LEADING_NUMBER_TOP = defineSignal('shape:leading-id-top', { category: 3.5, product: 1 });
const TRAILING_NUMBER = defineSignal('shape:trailing-id', { article: 1.6, product: 0.8 });
const HASH_SLUG = defineSignal('shape:slug-hash', { article: 3 });
const NUMERIC_PAGE = defineSignal('shape:numeric-page', { article: 0.6, support: 0.3, product: 0.5 });
const OPAQUE_PAGE = defineSignal('shape:opaque-page', { other: 0.5, product: 0.6 });
const CODE_PAGE = defineSignal('shape:code', { product: 1.2 });
const HANDLE_PAGE = defineSignal('shape:handle', { profile: 4.5 });
const HANDLE_SECTION = defineSignal('shape:below-handle', { article: 2, profile: 0.5 });
const WORD_COUNTS = [
  defineSignal('slug:none', {}),
  defineSignal('slug:1', {}),
  defineSignal('slug:2', { feature: 0.2, product: 0.2 }),
  defineSignal('slug:3', { article: 0.8, product: 0.3 }),
  defineSignal('slug:4-5', { article: 2 }),
  defineSignal('slug:6-8', { article: 3 }),
  defineSignal('slug:9+', { article: 3.6 }),
];
const DEPTHS = [
  defineSignal('depth:0', {}),
  defineSignal('depth:1', { other: 0 }),
  defineSignal('depth:2', {}),
  defineSignal('depth:3', {}),
  defineSignal('depth:4+', {}),
];
const PAGE_ENDING = defineSignal('file:page', {});
const LETTER_ID = defineSignal('shape:letter-section-id', { product: 5.5 });
const LETTER_SLUG = defineSignal('shape:letter-section-slug', { article: 2, product: 0.6 });
const LONE_SLUG = defineSignal('shape:lone-slug', { article: 0.6 });
const BARE_WORD = defineSignal('shape:bare-word', { product: 1, other: 0.9 });
const WELL_KNOWN = defineSignal('shape:well-known', { legal: 3, other: 2 });
const PROJECT_PAGES = defineSignal('host:project-pages', { homepage: 3.2 });
const HELP_DESK = defineSignal('shape:help-desk', { support: 6 });
const MACHINE_PATH = defineSignal('shape:api-call', { other: 5 });

/** Address forms of the help-desk products in wide use. */
const HELP_DESK_WORDS = new Set(['hc', 'portal', 'support', 'knowledge_base', 'knowledgebase', 'kb']);
const HELP_DESK_PATH =
  /\/hc\/|\/customer\/(en\/)?portal\/|\/support\/(solutions|tickets|home)|\/knowledge_?base\/|\/kb\/|\/portal\/(en\/)?kb/;

/** What the form of path and file name says, whatever its words mean. */
export function addShapeSignals(parts: UrlParts, context: Context | 'none', signals: SignalSet): void {
  const { segments } = parts;
  const last = segments.at(-1);
  addFileSignals(parts.extension, signals);
  signals.add(DEPTHS[Math.min(segments.length, 4)] ?? ROOT);
  if (last === undefined) {
    signals.add(ROOT);
    if (parts.localized) signals.add(LOCALE_ROOT);
    if (parts.query.length > 0) signals.add(ROOT_QUERY);
    return;
  }
  addDateSignals(segments, last, signals);
  addIdSignals(parts, last, signals);
  addSlugSignals(segments, last, context, signals);
  addMachineSignals(segments, signals);
  if (segments.length === 1 && parts.extension === '' && /^git(hub|lab)\.io$/.test(parts.host.suffix))
    signals.add(PROJECT_PAGES);
}

function addFileSignals(extension: string, signals: SignalSet): void {
  if (extension === '') return;
  if (extension === 'page') signals.add(PAGE_ENDING);
  else if (extension === 'pdf') signals.add(PDF);
  else if (BINARY.has(extension)) signals.add(BINARY_FILE);
  else if (DOCUMENT.has(extension)) signals.add(DOCUMENT_FILE);
  else if (IMAGE.has(extension)) signals.add(IMAGE_FILE);
  else if (MEDIA.has(extension)) signals.add(MEDIA_FILE);
  else if (MACHINE.has(extension)) signals.add(MACHINE_FILE);
  else signals.add(TEXT_FILE);
}

function addDateSignals(segments: readonly Segment[], last: Segment, signals: SignalSet): void {
  for (let i = 0; i < segments.length; i++) {
    const text = segments[i]?.text ?? '';
    if (text.length !== 4 || !YEAR.test(text)) continue;
    const month = segments[i + 1]?.text;
    const atEnd = i === segments.length - 1;
    if (atEnd) signals.add(YEAR_PAGE);
    else if (month !== undefined && MONTH.test(month.toLowerCase())) {
      const rest = segments.slice(i + 2).filter((segment) => !NUMBER.test(segment.text));
      signals.add(rest.length === 0 ? DATE_LIST : DATE_PATH);
    } else signals.add(YEAR_SECTION);
  }
  const text = last.text;
  if (segments.length > 2 && STORY_FILE.test(text)) signals.add(STORY_PAGE);
  if (!hasDigit(text)) return;
  if (!YEAR.test(text) && ENDS_WITH_YEAR.test(text) && last.words.list.length <= 4) signals.add(YEAR_TAIL);
  if (DATED.test(text)) signals.add(DATED_SLUG);
  const before = segments.at(-2)?.text.toLowerCase();
  if (NUMBER.test(text) && (before === 'page' || before === 'p' || before === 'seite'))
    signals.add(PAGE_NUMBER);
}

function addIdSignals(parts: UrlParts, last: Segment, signals: SignalSet): void {
  const text = last.text;
  if (HANDLE.test(text)) signals.add(HANDLE_PAGE);
  if (!hasDigit(text)) return;
  if (PRODUCT_MARK.test(text)) signals.add(PRODUCT_ID);
  else if (NUMBER.test(text)) signals.add(NUMERIC_PAGE);
  else if (HEX_ID.test(text)) signals.add(OPAQUE_PAGE);
  else if (SLUG_HASH.test(text)) signals.add(HASH_SLUG);
  else if (TRAILING_ID.test(text)) signals.add(TRAILING_NUMBER);
  else if (LEADING_ID.test(text)) addLeadingId(parts, signals);
  else if (LOCAL_ID.test(text)) signals.add(CODE_PAGE);
}

/** Then the segment before it is the slug: `/some-long-title/123456`. */
function isId(segment: Segment): boolean {
  return hasDigit(segment.text) && (/^[!~]?\d+$/.test(segment.text) || HEX_ID.test(segment.text));
}

/** Most segments have none, and then no id or date can be found. */
function hasDigit(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) return true;
  }
  return false;
}

/** Shops of the PrestaShop kind write `/7-shoes` for a category and `/shoes/12-red-shoe.html` for a product. */
function addLeadingId(parts: UrlParts, signals: SignalSet): void {
  const depth = parts.segments.length;
  if (depth === 2 && parts.extension === 'page') signals.add(LEADING_NUMBER_FILE);
  else if (depth === 1 && parts.extension === '') signals.add(LEADING_NUMBER_TOP);
  else signals.add(LEADING_NUMBER);
}

function addSlugSignals(
  segments: readonly Segment[],
  last: Segment,
  context: Context | 'none',
  signals: SignalSet,
): void {
  const named = isId(last) && segments.length > 1 ? (segments.at(-2) ?? last) : last;
  const count = wordCount(named.words.list);
  const size = count <= 3 ? count : count <= 5 ? 4 : count <= 8 ? 5 : 6;
  const signal = WORD_COUNTS[size];
  if (signal !== undefined && (context === 'none' || context === 'editorial')) signals.add(signal);
  if (segments.length === 1 && count >= 4) signals.add(LONE_SLUG);
  if (segments.length === 1 && count <= 1) signals.add(BARE_WORD);
  const before = segments.at(-2)?.text;
  const letter = segments.findIndex(({ text }) => text.length === 1 && 'apAP'.includes(text));
  if (letter >= 0 && letter < segments.length - 1)
    signals.add(/\d{3}/.test(last.text) ? LETTER_ID : LETTER_SLUG);
  if (before !== undefined && HANDLE.test(before)) signals.add(HANDLE_SECTION);
}

function wordCount(words: readonly string[]): number {
  let count = 0;
  for (const word of words) if (!NUMBER.test(word)) count++;
  return count;
}

function addMachineSignals(segments: readonly Segment[], signals: SignalSet): void {
  const first = segments[0]?.text.toLowerCase();
  if (first === '.well-known') signals.add(WELL_KNOWN);
  if (segments.length > 1 && segments.some((segment) => HELP_DESK_WORDS.has(segment.text))) {
    const path = segments.map((segment) => segment.text).join('/');
    if (HELP_DESK_PATH.test(`/${path}/`)) signals.add(HELP_DESK);
  }
  const second = segments[1]?.text ?? '';
  if (first === 'wp-json' || (first === 'api' && segments.length > 2 && /^v\d/.test(second)))
    signals.add(MACHINE_PATH);
}
