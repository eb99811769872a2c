/** What a phrase in a lead's message tells about it. */
export type LeadSignal =
  | 'price'
  | 'meeting'
  | 'timeline'
  | 'need'
  | 'agreement'
  | 'thanks'
  | 'objection'
  | 'refusal'
  | 'wrong-person'
  | 'hostile'
  | 'postponed';

/** Each phrase counts once a message; where two begin at the same word the longer one wins. */
const PHRASES: Readonly<Record<LeadSignal, readonly string[]>> = {
  price: [
    'price',
    'prices',
    'pricing',
    'cost',
    'costs',
    'how much',
    'quote',
    'estimate',
    'budget',
    'discount',
    'rate',
    'rates',
    'fee',
    'fees',
    'invoice',
    'financing',
    'deposit',
    'payment plan',
    'what do you charge',
    'offer me',
  ],
  meeting: [
    'call me',
    'meet',
    'meeting',
    'appointment',
    'schedule',
    'demo',
    'come by',
    'visit',
    'zoom',
    'available',
    'what time',
    'give me a call',
    'talk tomorrow',
    'stop by',
    'book',
    'calendar',
    'showing',
    'viewing',
  ],
  timeline: [
    'today',
    'tomorrow',
    'tonight',
    'asap',
    'this week',
    'next week',
    'this month',
    'next month',
    'soon',
    'when can',
    'how soon',
    'by friday',
    'monday',
    'tuesday',
    'wednesday',
    'thursday',
    'friday',
    'saturday',
    'immediately',
    'ready to',
    'right away',
  ],
  need: [
    'interested',
    'i am interested',
    "i'm interested",
    'im interested',
    'looking for',
    'looking to',
    'i need',
    'we need',
    'i want to',
    'i want a',
    "i'd like",
    'i would like',
    'want to buy',
    'want to sell',
    'tell me more',
    'more info',
    'more information',
    'more details',
    'send me',
    'sign up',
    'get started',
    'do you have',
    'do you offer',
    'can you help',
    'purchase',
    'order',
    'buy',
  ],
  agreement: [
    'yes',
    'yeah',
    'yep',
    'sure',
    'sounds good',
    'sounds great',
    'great',
    'perfect',
    'ok',
    'okay',
    'works for me',
    'lets do it',
    "let's do it",
    'deal',
    'absolutely',
    'definitely',
    'of course',
    'go ahead',
    'please do',
    'love to',
    'awesome',
  ],
  thanks: ['thanks', 'thank you', 'thx', 'appreciate'],
  objection: [
    'too expensive',
    'too much',
    'not sure',
    'already have',
    'already bought',
    'already sold',
    "can't afford",
    'cant afford',
    'no budget',
    'using someone',
    'have someone',
    'think about it',
    'complaint',
    'disappointed',
    'refund',
    'problem',
  ],
  refusal: [
    'not interested',
    'no interest',
    'no thanks',
    'no thank you',
    "don't want",
    'dont want',
    'do not want',
    "don't need",
    'dont need',
    'do not need',
    'not for me',
    'pass',
    'not looking',
    'no longer interested',
    'no longer looking',
    'not selling',
    'not buying',
    'no',
    'nope',
  ],
  'wrong-person': [
    'wrong number',
    'wrong person',
    'not me',
    "don't know you",
    'who is this',
    "who's this",
    'who are you',
    'how did you get my number',
  ],
  hostile: [
    'fuck',
    'fucking',
    'scam',
    'scammer',
    'idiot',
    'shut up',
    'go away',
    'harassment',
    'leave me alone',
    'bullshit',
    'lawyer',
  ],
  postponed: [
    'later',
    'not now',
    'busy',
    'maybe',
    'next year',
    'not ready',
    'in a few months',
    'not yet',
    'another time',
    'some day',
    'on hold',
  ],
};

interface Phrase {
  readonly rest: readonly string[];
  readonly signal: LeadSignal;
}

const BY_FIRST_WORD: ReadonlyMap<string, readonly Phrase[]> = indexPhrases();

function indexPhrases(): Map<string, Phrase[]> {
  const index = new Map<string, Phrase[]>();
  for (const [signal, phrases] of Object.entries(PHRASES) as [LeadSignal, readonly string[]][]) {
    for (const phrase of phrases) {
      const [first = '', ...rest] = phrase.split(' ');
      index.set(
        first,
        [...(index.get(first) ?? []), { rest, signal }].toSorted((a, b) => b.rest.length - a.rest.length),
      );
    }
  }
  return index;
}

/** What one message shows. */
export interface MessageReading {
  readonly words: number;
  readonly question: boolean;
  /** It holds an e-mail address or a number that can be called. */
  readonly contactDetail: boolean;
  readonly signals: ReadonlySet<LeadSignal>;
}

const MAX_CHARS = 1_000;
const CONTACT_DETAIL = /[\w.+-]@[\w-]+\.\w|\d(?:[ ().-]?\d){8,}/;
const WORD = /[a-z']+/g;

export function readMessage(body: string): MessageReading {
  const text = (body.length > MAX_CHARS ? body.slice(0, MAX_CHARS) : body).replaceAll('’', "'");
  const words = text.toLowerCase().match(WORD) ?? [];
  const signals = new Set<LeadSignal>();
  for (let i = 0; i < words.length;) {
    const phrase = phraseAt(words, i);
    if (phrase !== null) signals.add(phrase.signal);
    i += phrase === null ? 1 : phrase.rest.length + 1;
  }
  return {
    words: words.length,
    question: text.includes('?'),
    contactDetail: CONTACT_DETAIL.test(text),
    signals,
  };
}

function phraseAt(words: readonly string[], at: number): Phrase | null {
  const candidates = BY_FIRST_WORD.get(words[at] ?? '');
  if (candidates === undefined) return null;
  return candidates.find(({ rest }) => rest.every((word, i) => words[at + 1 + i] === word)) ?? null;
}
