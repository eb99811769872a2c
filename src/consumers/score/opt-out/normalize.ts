import { correctTypo } from './typos.ts';

/** One sentence of a message, ready for the rules. */
export interface Sentence {
  /** Lower case, without Latin accents, contractions and SMS spelling written out ("dont" → "do not"). */
  readonly text: string;
  readonly asked: boolean;
  /** Every letter of it was a capital, as in "STOP". */
  readonly shouted: boolean;
  /** It stands on a line with nothing else. */
  readonly ownLine: boolean;
}

/** Longer bodies are cut: an opt-out that hides behind 4,000 characters is not meant to be found. */
const MAX_BODY_CHARS = 4_000;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: ' ',
};

/** What people type for a word, in SMS spelling and as contractions. Values are plain words. */
const SPELLINGS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'do not': "don't dont donot dnt dun dunt do'nt don;t dont'",
    'does not': "doesn't doesnt",
    'did not': "didn't didnt",
    'can not': "can't cant cannot",
    'will not': "won't wont",
    'would not': "wouldn't wouldnt",
    'should not': "shouldn't shouldnt",
    'is not': "isn't isnt",
    'are not': "aren't arent",
    'have not': "haven't havent",
    'i am': "i'm im",
    'i would': "i'd",
    'i will': "i'll",
    'i have': "i've ive",
    'you are': "you're youre",
    'you have': "you've youve",
    'you would': "you'd",
    'want to': 'wanna',
    'got to': 'gotta',
    'it is': "it's",
    'this is': "this's",
    you: 'u yu yall',
    your: 'ur yr yours',
    are: 'r',
    please: 'pls plz plse pleez plis pliz plx pleaz pl plss plzz',
    text: 'txt txtmsg tex',
    texts: 'txts',
    texting: 'txting txtin textin txtn',
    message: 'msg mesg mssg mssge messg mesaj',
    messages: 'msgs mesgs msges mssgs theses-messages',
    messaging: 'msging msgin msg-ing messagin',
    sending: 'sendin snding',
    call: 'cal',
    calling: 'callin',
    number: 'nbr num numba nr',
    never: 'nvr nver',
    again: 'agn agin',
    these: 'theses thes dese',
    phone: 'fone telephone tel handphone hp',
    stop: 'stopp',
    anymore: 'nomore nemore nymore animore anymor anymre',
    receive: 'recieve recive',
    unsubscribe:
      'unsub unsubs unsubscription unsubscribing unsbscribe unscribe unsubcribe unsubsribe unsubscibe',
    to: '2',
    for: '4',
    because: 'cos coz cuz bc',
    thanks: 'thx thnx tnx thanx ty tq',
    and: '& n',
    information: 'info infos informations informasion',
  }).flatMap(([meant, typed]) => typed.split(' ').map((word): [string, string] => [word, meant])),
);

/** Splits a body into sentences and writes every word out plainly. Order is kept. */
export function toSentences(body: string): Sentence[] {
  const sentences: Sentence[] = [];
  for (const line of cleanBody(body).split('\n')) {
    const parts = [...line.matchAll(/([^.!?;…。！？]+)([.!?;…。！？]*)/g)];
    for (const part of parts) {
      const raw = part[1] ?? '';
      const text = plainWords(raw);
      if (text === '') continue;
      sentences.push({
        text,
        asked: /[?？]/.test(part[2] ?? ''),
        shouted: /\p{Lu}{2}/u.test(raw) && !/\p{Ll}/u.test(raw),
        ownLine: parts.length === 1,
      });
    }
  }
  return sentences;
}

/** Unicode look-alikes folded, entities decoded, spaced-out "S.T.O.P" joined; capitals kept. */
export function cleanBody(body: string): string {
  return body
    .slice(0, MAX_BODY_CHARS)
    .normalize('NFKC')
    .replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (all, name: string) => ENTITIES[name] ?? all)
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060\ufeff]/g, '')
    .replace(/[\u2018\u2019\u201b\u0060\u00b4\u02bc]/g, "'")
    .replace(/[\u201c\u201d\u201e\u00ab\u00bb]/g, '"')
    .replace(/\r\n?/g, '\n')
    .replace(/\bs([ .*_-])t\1o\1p\b/gi, 'STOP')
    .replace(/\bu\.s\.|\be\.g\.|\bi\.e\./gi, ' ');
}

/** Lower case, accents off, emoji and mark-up off, each word in its plain spelling. */
export function plainWords(raw: string): string {
  return raw
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/\bopt(?:ed|ing)?[\s-]*(?:me|us)?[\s-]*out\b|\boptouts?\b/g, 'optout')
    .replace(/\bun[\s-]+(subscri\w*|register\w*)/g, 'un$1')
    .replace(/\bany[\s-]+(?:more|mor|longer)\b/g, 'anymore')
    .replace(/\bno[\s-]+more\b/g, 'no more')
    .replace(/\bd[oi]+ n'?t\b/g, 'do not')
    .replace(/\be-?mails?(?=\b)/g, (word) => word.replace('-', ''))
    .replace(/[a-z0-9';&]+/g, (word) => plainWord(word))
    .replace(/[^\p{L}\p{M}\p{N}',:()"\s-]/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[\s,:'"()-]+|[\s,:'"()-]+$/g, '');
}

function plainWord(word: string): string {
  return SPELLINGS.get(word) ?? SPELLINGS.get(correctTypo(word)) ?? correctTypo(word);
}
