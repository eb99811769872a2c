import { cleanBody, plainWords } from './normalize.ts';

/**
 * Words that the lead did not say: the quoted message below a reply, a reaction to our message, and
 * the sender's own instruction ("Reply STOP to end"), which leads forward, quote and copy.
 */

const QUOTE_STARTS =
  /^(?:>|\|)|^-{2,} ?(?:original|forwarded) message|^_{5,}$|^on .{5,80} wrote:$|^(?:le .{5,60} a ecrit|am .{5,60} schrieb|el .{5,60} escribio) ?:$/i;
/** Phones send a reaction to a message as a text that quotes it. */
const REACTION =
  /^(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|removed an? \w+ from|reacted .{1,12} to) ?".*"?$/is;

const KEYWORD = '(?:stop\\w*|unsubscribe|optout|end|quit|cancel|out|x|remove|arret|baja|salir|stopp)';
const LOUD_KEYWORD = '(?:stop\\w*|unsubscribe|optout|arret|baja|stopp)';
const SEND = '(?:reply|text|send|message|respond|type|write|sms|email|rply|txting|texting|sending|replying)';
const GAP =
  '(?: (?!me\\b|us\\b|my\\b|this\\b|these\\b|your\\b|messages?\\b|anymore\\b|again\\b|please\\b|and\\b|or\\b|to\\b)[\\w\'"]+){0,2}';
const TO_LEAVE = '(?:stop|end|optout|unsubscribe|cancel|quit|be removed|be taken off|leave|removal|remove)';
const GO =
  '(?:reply|text|send|call|visit|click|go ?to|goto|go|email|press|dial|tap|log ?on|http|www|sms|see|txtstop|follow)';

/** Matched against plain words of a whole line, so that "Stop? Send STOP" is one instruction. */
const INSTRUCTIONS: readonly RegExp[] = [
  new RegExp(
    `(?<!\\b(?:i|not|i have|already|stop|never|not to|will) )\\b${SEND}(?: back| us| with| the| word| a| keyword|:){0,4}${GAP}[ "'(]+${LOUD_KEYWORD}\\b(?! (?:texting|sending|calling|messag|contacting|email|spam|bother|harass))`,
  ),
  new RegExp(`\\b${SEND} (?:the word |with )?["'(]?${KEYWORD}["')]? (?:to|for|at|or) `),
  new RegExp(
    `(?<!\\b(?:want|like|need|wish|trying|tried|try|how|asked|going|way|able|you|decided|prefer|love|told) )\\b(?:to|for|2) ?${TO_LEAVE}\\b.{0,60}\\b${GO}\\b`,
  ),
  new RegExp(`\\bcall ?(?:to|2) ?optout|\\b2(?:stop|optout|unsub|end)`),
  new RegExp(
    `\\b${LOUD_KEYWORD}(?: \\w+)? to (?:\\d{4,}|end|cancel|optout|unsubscribe|stop|quit|leave|be removed)\\b`,
  ),
  /\b(?:stop|optout|unsubscribe)\w*(?: sms| texts?)?[ :,-]+(?:to )?\d{5,}/,
  /\b(?:unsubscribe|optout):? ?(?:reply|text|stop|with|send|call|at|link|here|http|www|eng |to \d|\d)/,
  /\bunsubscribe (?:from|to) .{0,40}\b(?:reply|send|text|click|with the word)\b/,
  /\b(?:until|unless|by|simply) (?:you )?(?:send |text |reply |replying |texting )?"?stop\b/,
  /\bfor \w+ to (?:remove|stop|optout)|\bor ?no to optout|\bno to (?:remove|optout)|\boptout (?:is |option )?availa/,
  /\byou (?:can|may|could) (?:always |also |still )?(?:unsubscribe|optout)|\byou can not unsubscribe|\byou can stop .{0,40}\bby\b/,
  /\byou (?:are|have|have been|were|will be)(?: now| been| successfully){0,2} (?:unsubscribed?|optout|removed|opted)\b/,
  /\byou (?:will|shall) (?:no longer|not) (?:receive|get)\b/,
  /\bif you (?:do not|no longer|would like|want|wish|prefer|would not|would rather)(?: to)?(?: want| wish| like| rather| prefer)?(?: to)?(?: no longer| not| stop)?(?: to)? (?:receiv\w+|get(?:ting)?|unsubscribe|optout|be removed|be contacted|stop)\b/,
];

export interface OwnWords {
  /** What the lead said, lines kept, capitals kept. */
  readonly text: string;
  /** The part that speaks for the sender: why a "STOP" in it does not count. Null where there is none. */
  readonly instruction: string | null;
}

/** Takes quotes, reactions and the sender's instructions out of a body. */
export function ownWords(body: string): OwnWords {
  const clean = cleanBody(body).trim();
  if (REACTION.test(clean)) return { text: '', instruction: clean.slice(0, 80) };
  const kept: string[] = [];
  let instruction: string | null = null;
  for (const line of clean.split('\n')) {
    if (QUOTE_STARTS.test(line.trim())) {
      if (/^[>|]/.test(line.trim())) continue;
      break;
    }
    const found = findInstruction(line);
    if (found === null) kept.push(line);
    else {
      instruction ??= found;
      kept.push(withoutInstruction(line));
    }
  }
  return { text: kept.join('\n'), instruction };
}

function findInstruction(text: string): string | null {
  const plain = plainWords(text.replace(/[.!?;]+/g, ' '));
  for (const pattern of INSTRUCTIONS) {
    const match = pattern.exec(plain);
    if (match !== null) return match[0].trim();
  }
  return null;
}

/** The sentences of a line that hold no instruction; a keyword beside an instruction belongs to it. */
function withoutInstruction(line: string): string {
  const quoteFree = line.replace(/"[^"]*"/g, (quoted) => (findInstruction(quoted) === null ? quoted : ' '));
  return quoteFree
    .split(/(?<=[.!?;])/)
    .filter((part) => findInstruction(part) === null && !LONE_KEYWORD.test(part.trim()))
    .join('');
}

const LONE_KEYWORD =
  /^[\W_]*(?:[\w-]+ )?(?:stop\w*|unsub\w*|opt[ -]?out|end|quit|cancel|remove)(?: \w+)?[\W_]*$/i;
