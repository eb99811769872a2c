import { defineSignal, type SignalSet } from '../signals.ts';
import type { Context } from '../topic.ts';
import type { HostParts } from '../url-parts.ts';
import { type Words, wordsOf } from '../words.ts';
import { TOPICS_BY_WORD } from '../tokens/index-of-topics.ts';
import { contextAfter } from './path.ts';
import { addTopics, eachPhrase, topicsOf } from './topic-match.ts';

/** Top-level domains that are words: `acme.engineering`, `acme.help`. They say what a subdomain would. */
const WORD_SUFFIXES = new Set(
  'blog news engineering help support events community careers jobs wiki press'.split(' '),
);
/** Words in a domain's own name that tell a news medium. */
const NEWS_NAME =
  /(news|times|post|daily|herald|tribune|gazette|journal|chronicle|observer|telegraph|guardian|zeitung|blatt|anzeiger|kurier|nachrichten|presse|magazin|radio|tv$|diario|periodico|noticias|gazeta|jornal|giornale|corriere|dnes|pravda|novosti|today|weekly|insider|review|hoy$|tages|rundschau|morgen|abend)/;
const EVENT_NAME =
  /(conf$|confs?[^a-z]|conference|summit|con$|con\d|days?$|camp$|fest$|festival|meetup|kaigi|congress|expo$|hack|jam$|forum$|\d{4}$|conf\b|week$|symposium|event)/;
const BLOG_NAME = /(blog|engineering$|tech$|writes|diary|journal|notes$|stories|thoughts)/;
/** Words that tell in a hyphenated domain what a subdomain would: `acme-help.com`. */
const WORD_NAMES = new Set(
  'help support docs blog engineering careers jobs forum customerservice helpcenter wiki shop store'.split(
    ' ',
  ),
);
const PERSONAL_PLATFORM =
  /^(github\.io|gitlab\.io|wordpress\.com|blogspot\.[a-z.]+|substack\.com|medium\.com|tumblr\.com|ghost\.io|hashnode\.dev)$/;

const NEWS_HOST = defineSignal('host-name:news', { article: 1.2 });
const EVENT_HOST = defineSignal('host-name:event', { event: 1.2 });
const BLOG_HOST = defineSignal('host-name:blog', { article: 1.2 });
const BLOG_PLATFORM = defineSignal('host:blog-platform', { article: 1.2 });
const DOCS_PLATFORM = defineSignal('host:docs-platform', { documentation: 6 });
const INSTITUTION = defineSignal('host:institution', { resource: 0.4 });
const GOVERNMENT = defineSignal('host:government', { press: 0.8 });
const YEAR_HOST = defineSignal('host:year', { event: 1.5 });

/** A host's signals, worked out once. */
interface HostVerdict {
  readonly context: Context | 'none';
  /** Topics of subdomains and word suffixes. */
  readonly labels: readonly number[];
  /** Topics of subdomains alone: what the root of such a host is. */
  readonly rootLabels: readonly number[];
  readonly nameTopics: readonly number[];
  readonly extra: readonly number[];
}

const verdicts = new WeakMap<HostParts, HostVerdict>();

/** What the host names. Returns the context in which its paths stand: a blog's, a help centre's or none. */
export function addHostSignals(host: HostParts, isRoot: boolean, signals: SignalSet): Context | 'none' {
  let verdict = verdicts.get(host);
  if (verdict === undefined) {
    verdict = judge(host);
    verdicts.set(host, verdict);
  }
  if (isRoot) {
    addTopics(verdict.rootLabels, 'host-root', signals);
  } else {
    addTopics(verdict.labels, 'host', signals);
    addTopics(verdict.nameTopics, 'domain', signals);
  }
  for (const signal of verdict.extra) signals.add(signal);
  return verdict.context;
}

function judge(host: HostParts): HostVerdict {
  const rootLabels: number[] = [];
  for (const label of host.subdomains) rootLabels.push(...labelTopics(wordsOf(label)));
  const labels = [...rootLabels];
  const suffix = host.suffix.split('.').at(-1) ?? '';
  if (WORD_SUFFIXES.has(suffix)) labels.push(...topicsOf(wordsOf(suffix)));
  const nameWords = wordsOf(host.name).list;
  if (nameWords.length > 1)
    for (const word of nameWords) if (WORD_NAMES.has(word)) labels.push(...(TOPICS_BY_WORD.get(word) ?? []));
  const nameTopics: number[] = [];
  eachPhrase(wordsOf(host.name), (found) => nameTopics.push(...found));
  return { context: contextAfter(labels, 'none'), labels, rootLabels, nameTopics, extra: extraSignals(host) };
}

function labelTopics(words: Words): readonly number[] {
  const whole = topicsOf(words);
  if (whole.length > 0) return whole;
  const found: number[] = [];
  eachPhrase(words, (topics) => found.push(...topics));
  return found;
}

function extraSignals(host: HostParts): number[] {
  const extra: number[] = [];
  if (NEWS_NAME.test(host.name)) extra.push(NEWS_HOST);
  if (EVENT_NAME.test(host.name)) extra.push(EVENT_HOST);
  if (BLOG_NAME.test(host.name)) extra.push(BLOG_HOST);
  if (PERSONAL_PLATFORM.test(host.suffix) || PERSONAL_PLATFORM.test(host.domain)) extra.push(BLOG_PLATFORM);
  if (/(readthedocs\.io|gitbook\.io|readme\.io|javadoc\.io|docs\.rs|mintlify\.app)$/.test(host.hostname))
    extra.push(DOCS_PLATFORM);
  if (/(^|\.)(edu|ac)(\.|$)/.test(host.suffix)) extra.push(INSTITUTION);
  if (/(^|\.)(gov|gouv|gob|govt|gv|mil|int|bund|europa)(\.|$)/.test(host.hostname)) extra.push(GOVERNMENT);
  if (host.subdomains.some((label) => /(19|20)\d\d$/.test(label))) extra.push(YEAR_HOST);
  return extra;
}
