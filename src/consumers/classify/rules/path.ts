import type { Role, SignalSet } from '../signals.ts';
import type { Context } from '../topic.ts';
import { TOPICS } from '../tokens/index-of-topics.ts';
import type { Segment } from '../url-parts.ts';
import { addTopics, eachPhrase, topicsOf, withoutNumbers } from './topic-match.ts';

/** A last segment with this many words is a slug: its words tell what the page is about, not what it is. */
const SLUG_WORDS = 5;

const PAGE: Record<Context | 'none', Role> = {
  none: 'page',
  editorial: 'page-in-article',
  reference: 'page-in-docs',
  list: 'page-in-list',
  press: 'page-in-article',
  shop: 'page',
};
const SECTION: Record<Context | 'none', Role> = {
  none: 'section',
  editorial: 'section-in-article',
  reference: 'section-in-docs',
  list: 'section-in-list',
  press: 'section-in-article',
  shop: 'section',
};
const MOST: Record<Context | 'none', Role> = {
  none: 'most',
  editorial: 'most-in-article',
  reference: 'most-in-docs',
  list: 'most-in-list',
  press: 'most-in-article',
  shop: 'most',
};

/**
 * What the path's segments name, the last one as the page itself, those before it as its sections.
 * Returns the context in which the last one stands.
 */
export function addPathSignals(
  segments: readonly Segment[],
  hostContext: Context | 'none',
  signals: SignalSet,
): Context | 'none' {
  let context = hostContext;
  const last = segments.length - 1;
  for (const [i, segment] of segments.entries()) {
    const topics = topicsOf(withoutNumbers(segment.words));
    if (i === last) addLast(segment, topics, context, signals);
    else if (topics.length > 0) {
      addTopics(topics, SECTION[context], signals);
      context = contextAfter(topics, context);
    } else if (segment.words.list.length < SLUG_WORDS) {
      context = addSection(segment, context, signals);
    }
  }
  return context;
}

/** A section of several words is named by its last ones, or by what most of them say: `engineering-blog`. */
function addSection(segment: Segment, before: Context | 'none', signals: SignalSet): Context | 'none' {
  let context = before;
  const count = segment.words.list.length;
  eachPhrase(segment.words, (found, covered, atEnd) => {
    if ((before !== 'none' && before !== 'shop') || (!atEnd && covered * 2 < count)) {
      addTopics(found, 'inner', signals);
      return;
    }
    addTopics(found, 'section-head', signals);
    context = contextAfter(found.filter(namesByParts), context);
  });
  return context;
}

function namesByParts(topic: number): boolean {
  return TOPICS[topic]?.whole !== true;
}

/** The context of what follows a segment or a host label that names `topics`. */
export function contextAfter(topics: readonly number[], before: Context | 'none'): Context | 'none' {
  let context = before;
  for (const topic of topics) {
    const next = TOPICS[topic]?.context;
    if (next === 'list' || next === 'press') context = next;
    else if (next !== undefined && context === 'none') context = next;
  }
  return context;
}

function addLast(
  segment: Segment,
  topics: readonly number[],
  context: Context | 'none',
  signals: SignalSet,
): void {
  if (topics.length > 0) {
    addTopics(topics, PAGE[context], signals);
    return;
  }
  const count = segment.words.list.length;
  if (count > SLUG_WORDS && context !== 'none') return;
  eachPhrase(segment.words, (found, covered, atEnd) => {
    if (count >= SLUG_WORDS - 1 && atEnd && covered > 1 && context === 'none')
      addTopics(found, 'tail', signals);
    else if (count >= SLUG_WORDS && covered * 2 < count) addTopics(found, 'slug', signals);
    else if (covered * 2 >= count && (covered > 1 || atEnd)) addTopics(found, MOST[context], signals);
    else if (atEnd && (context === 'none' || context === 'shop') && count < SLUG_WORDS)
      addTopics(found, 'head', signals);
    else addTopics(found, context === 'none' ? 'some' : 'slug', signals);
  });
}
