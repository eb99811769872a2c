import { defineSignal, type SignalSet } from '../signals.ts';
import { fold, wordsOf } from '../words.ts';
import { addTopics, eachPhrase, topicsOf } from './topic-match.ts';

/** A title is cut here: what follows is most often the site's name. */
const SITE_SUFFIX = /\s[|–—·»-]\s/;
const SHORT_WORDS = 5;
/** The words of a longer title are its subject, not its kind. */
const LONG_WORDS = 10;
const LONG_TITLE = 300;

const SHORT = defineSignal('title:short', {});
const LONG = defineSignal('title:long', { article: 1.2 });
const MIDDLE = defineSignal('title:middle', { article: 0.4 });
const NONE = defineSignal('title:none', {});
const HOW_TO = defineSignal('title:how-to', { article: 1.5, resource: 0.3 });
const LIST = defineSignal('title:numbered-list', { article: 1.8 });
const QUESTION = defineSignal('title:question', { article: 0.8 });
const VERSUS = defineSignal('title:versus', { comparison: 2.5 });
const FOR_SALE = defineSignal('title:for-sale', { category: 4 });
const MONEY = defineSignal('title:money', { landing: 1.2, product: 0.5 });
const SITE_NAMED = defineSignal('title:site-named', {});
const PROMISE = defineSignal('title:promise', { landing: 1.5 });

/** What the title says. It is weak evidence: often it is only the text of a link. */
export function addTitleSignals(title: string, signals: SignalSet): void {
  const text = title.length > LONG_TITLE ? title.slice(0, LONG_TITLE) : title;
  if (text.trim() === '') {
    signals.add(NONE);
    return;
  }
  const parts = text.split(SITE_SUFFIX);
  if (parts.length > 1) signals.add(SITE_NAMED);
  const head = parts[0] ?? text;
  const words = wordsOf(head);
  addFormSignals(fold(text), words.list.length, signals);
  const topics = topicsOf(words);
  if (topics.length > 0) addTopics(topics, 'title', signals);
  else if (words.list.length <= LONG_WORDS)
    eachPhrase(words, (found) =>
      addTopics(found, words.list.length <= SHORT_WORDS ? 'title' : 'title-long', signals),
    );
}

function addFormSignals(text: string, words: number, signals: SignalSet): void {
  signals.add(words <= 3 ? SHORT : words <= 5 ? MIDDLE : LONG);
  if (/^(how|why|when|what|wie|warum|comment|pourquoi|como|por que|jak|kak)\b/.test(text))
    signals.add(HOW_TO);
  if (/^(the )?(top |best )?\d{1,3}\+? (?!%)\D/.test(text) && words >= 4) signals.add(LIST);
  if (text.includes('?')) signals.add(QUESTION);
  if (/\bvs\.?\b|\bversus\b/.test(text)) signals.add(VERSUS);
  if (/\bfor (sale|rent)\b|\bnew homes in\b|\bzu verkaufen\b|\ba vendre\b|\ben venta\b/.test(text))
    signals.add(FOR_SALE);
  if (/[$€£]\s?\d|\d\s?[$€£]/.test(text)) signals.add(MONEY);
  if (/\b(get started|free|save|sign up|try|trial|today|limited)\b/.test(text)) signals.add(PROMISE);
}
