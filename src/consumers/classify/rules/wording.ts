import { defineSignal, type SignalSet } from '../signals.ts';
import { TOPICS } from '../tokens/index-of-topics.ts';
import type { Context } from '../topic.ts';
import type { Segment, UrlParts } from '../url-parts.ts';
import { topicsOf, withoutNumbers } from './topic-match.ts';

const LEGAL_TEXT =
  /(^| )(privacy (policy|notice|statement)|terms of (service|use|sale|business)|terms and conditions|cookies? policy|code of conduct|community (guidelines|standards)|acceptable use( policy)?|imprint|impressum|datenschutz(erklaerung)?|agbs?)$|^(\w+ ){0,2}policies$/;
/** What is offered town by town. */
const LOCAL_OFFER =
  /\b(insurance|loans?|mortgages?|lawyers?|attorneys?|plumbers?|plumbing|movers|moving|dentists?|cleaning|cleaners|repairs?|services?|agency|agencies|company|companies|rentals?|hire|storage|tutors?|installers?|contractors?|removals?|therapists?|clinics?)( \w+)? in \w+( \w+){0,2}$/;
const NEAR_ME = / near me$/;
const EVENT_WORD = /^[a-z]{3,}(con|conf|fest|summit|kaigi|hackathon)$/;
/** Words that end like the name of a conference. */
const NO_EVENTS = new Set(
  'silicon lexicon beacon falcon emoticon semicon rubicon pantechnicon catholicon opticon manifest harvest'.split(
    ' ',
  ),
);
const EVENT_OF_YEAR =
  /\b(days?|week|conf|con|camp|fest|festival|summit|meetup|tour|expo|forum|congress|gala|awards?|hackathon)\b.* (19|20)\d\d$/;
const API_PATH = /^v\d/;
const API_DOCS = /^(docs?|documentation|reference|swagger|openapi|redoc|console|explorer)$/;
const AUTHORITY = /(^|\.)(gov|gouv|gob|govt|gv|bund|europa)(\.|$)/;

const LEGAL_IN_HELP = defineSignal('wording:legal-in-help', { legal: 10 });
const CONTACT_IN_HELP = defineSignal('wording:contact-in-help', { contact: 3 });
const WHY = defineSignal('wording:why', { feature: 1.8, about: 0.6 });
const LOCAL = defineSignal('wording:local-offer', { landing: 3.4 });
const EVENT_NAME = defineSignal('wording:event-name', { event: 2.4 });
const YEARLY_EVENT = defineSignal('wording:yearly-event', { event: 3.2 });
const NAMED_API = defineSignal('wording:named-api', { documentation: 1.2 });
const THREAD = defineSignal('wording:thread', { community: 6 });
const API_CALL = defineSignal('wording:api-call', { other: 3.5 });
const AUTHORITY_NEWS = defineSignal('wording:authority-news', { press: 5 });
const POSTS_OF_CATEGORY = defineSignal('wording:posts-of-category', { archive: 3 });
const POSTS_PAGE = defineSignal('wording:posts-page', { archive: 6 });

/** What several words, or a word in its place, say that no single word does. */
export function addWordingSignals(parts: UrlParts, context: Context | 'none', signals: SignalSet): void {
  const { segments } = parts;
  const last = segments.at(-1);
  if (last === undefined) return;
  addListSignals(parts, last, signals);
  addMachineCalls(parts, signals);
  if (segments.length > 1 && segments.some(isNews) && AUTHORITY.test(parts.host.hostname))
    signals.add(AUTHORITY_NEWS);
  if (context === 'reference') addHelpSignals(last, signals);
  else if (context === 'none') addNameSignals(last, segments.length, signals);
}

/** A help centre also keeps its owner's legal texts and contact page. */
function addHelpSignals(last: Segment, signals: SignalSet): void {
  const words = withoutNumbers(last.words);
  if (words.list.length === 0 || words.list.length > 7) return;
  if (LEGAL_TEXT.test(words.list.join(' '))) signals.add(LEGAL_IN_HELP);
  if (topicsOf(words).some((topic) => TOPICS[topic]?.name === 'contact')) signals.add(CONTACT_IN_HELP);
}

function addNameSignals({ words }: Segment, depth: number, signals: SignalSet): void {
  const { list } = words;
  const [first = ''] = list;
  if (list.length === 1) {
    if (depth === 1 && EVENT_WORD.test(first) && !NO_EVENTS.has(first)) signals.add(EVENT_NAME);
    return;
  }
  if (list.length > 10) return;
  if (first === 'why' && list.length <= 3) signals.add(WHY);
  const ending = list.at(-1) ?? '';
  if (ending === 'api' || ending === 'apis') signals.add(NAMED_API);
  if (list.length < 3) return;
  const text = list.join(' ');
  if (EVENT_OF_YEAR.test(text)) signals.add(YEARLY_EVENT);
  else if (NEAR_ME.test(text) || LOCAL_OFFER.test(text)) signals.add(LOCAL);
}

/** `/blog?page=2`, `/blog/category/energy`, and the threads of Discourse: `/t/some-topic/123`. */
function addListSignals({ segments, query }: UrlParts, last: Segment, signals: SignalSet): void {
  if (
    query.some(
      ([name, value]) => (name === 'page' || name === 'paged' || name === 'p') && /^\d+$/.test(value),
    ) &&
    isEditorial(last)
  )
    signals.add(POSTS_PAGE);
  if (segments.length < 3) return;
  const before = segments.at(-2);
  if (segments[0]?.text === 't' && /^\d+$/.test(segments[2]?.text ?? '')) signals.add(THREAD);
  if (before !== undefined && isCategory(before) && segments.slice(0, -2).some(isEditorial))
    signals.add(POSTS_OF_CATEGORY);
}

function addMachineCalls({ host, segments, query }: UrlParts, signals: SignalSet): void {
  if (!host.subdomains.includes('api')) return;
  if (segments.some(({ text }) => API_DOCS.test(text))) return;
  if (API_PATH.test(segments[0]?.text ?? '') || query.length > 0) signals.add(API_CALL);
}

function isEditorial({ words }: Segment): boolean {
  return topicsOf(words).some((topic) => TOPICS[topic]?.context === 'editorial');
}

function isNews({ words }: Segment): boolean {
  return topicsOf(words).some((topic) => TOPICS[topic]?.name === 'news');
}

function isCategory({ words }: Segment): boolean {
  return topicsOf(words).some((topic) => TOPICS[topic]?.name === 'category');
}
