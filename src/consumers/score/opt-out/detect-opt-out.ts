import { ENGLISH_RULES, KEEP_GOING, type OptOutRule, PARTIAL } from './english-rules.ts';
import { loneKeyword, SHOUTED_KEYWORDS } from './keywords.ts';
import { type Sentence, toSentences } from './normalize.ts';
import { OTHER_LANGUAGE_RULES } from './other-languages.ts';
import { ownWords } from './sender-text.ts';

/**
 * The judgement on one message, made to be stored and shown.
 * `rule` names what decided: a rule's name, or for a "no" the guard that stood against it, or "none".
 * `evidence` holds the deciding words in plain spelling; empty for "none".
 * `confidence`, 0 … 1, says how plain the words are (a judgement, not a measured probability).
 */
export interface OptOutDecision {
  readonly optOut: boolean;
  readonly rule: string;
  readonly evidence: string;
  readonly confidence: number;
}

const RULES: readonly OptOutRule[] = [...ENGLISH_RULES, ...OTHER_LANGUAGE_RULES];
const MAX_EVIDENCE_CHARS = 160;

/** A message without any of these cannot match a rule; it is the fast way out for ordinary texts. */
const TRIGGER =
  /s[\s.*_-]?t+[\s.*_-]?[o0]|s[o]+tp|tsop|sstop|stahp|stp|quit|ceas|end\b|cancel|unsu|ubs|un[- ]|opt|remov|reo?m|delet|take|drop|eras|scratch|leave|lose|forget|report|revok|withdraw|permission|consent|author|tired|sick|fed up|block|halt|enough|avoid|refrain|discontinu|do n|d[ou]?n['’`´]?t?\b|don|dun|not\b|no\b|n['’]t|never|nvr|neva|rather|longer|regist|count|sign|exclud|get me|purge|strike|pull|clear|cross|complain|dnc|get o|without|want o|turn|shut|switch|make|need/i;
const NON_ENGLISH =
  /[\u0370-\u1cff\u3040-\ud7af]|baja|dej[ea]|paren|pare\b|para\b|quiten|borr|elimin|saqu|saca|quitame|quiero|deseo|arr[eê]t|stop|ne |plus|d[eé]s|retire|supprim|enlev|h[oö]r|kein|mehr|mich|mir|l[oö]sch|n[aã]o|remov|smett|non |cancell|togl|rimuov|disis|hou|geen|nooit|schrijf|verwijder|slut|inga|ingen|ikke|fjern|ta bort|prze|nie |wypis|usu|mesaj|jangan|jgn|berhenti|hapus|padam|buang|wag|tigil|tanggal|alis|sispan|wete|mat |band|keine|bekendas|annul|salir|alto|ekri|voye|bezwen|anko|basta|fermare|sair|descad|uitsch|afmeld|avreg|avslut|avmeld|zrezyg|rezyg|odhl|iptal|ret|batal|itigil|parar|det[eé]n|abm|abb|k[uü]nd|aufh/iu;

/** A message that is nothing but a stop sign. */
const STOP_SIGN = /^[\s\u{fe0f}]*(?:🛑[\s\u{fe0f}]*)+$/u;

/** Judges one inbound message. Pure and total: any text gives a decision. */
export function detectOptOut(body: string): OptOutDecision {
  if (STOP_SIGN.test(body)) return yes('keyword-alone', body, 0.8);
  if (!TRIGGER.test(body) && !NON_ENGLISH.test(body)) return NONE;
  const own = ownWords(body);
  const sentences = toSentences(own.text);
  const decision = byKeyword(sentences, own.instruction !== null) ?? byRules(sentences);
  if (decision.optOut || own.instruction === null) return decision;
  return no('instruction-to-recipient', own.instruction);
}

const NONE: OptOutDecision = { optOut: false, rule: 'none', evidence: '', confidence: 0 };

function yes(rule: string, evidence: string, confidence: number): OptOutDecision {
  return { optOut: true, rule, evidence: evidence.trim().slice(0, MAX_EVIDENCE_CHARS), confidence };
}

function no(rule: string, evidence: string): OptOutDecision {
  return { optOut: false, rule, evidence: evidence.trim().slice(0, MAX_EVIDENCE_CHARS), confidence: 0 };
}

/** A keyword that is the whole message, or one that stands apart in it. */
function byKeyword(sentences: readonly Sentence[], besideInstruction: boolean): OptOutDecision | null {
  const whole = loneKeyword(sentences.map((sentence) => sentence.text).join(' '));
  if (whole !== null && !sentences.some((sentence) => sentence.asked)) return yes('keyword-alone', whole, 1);
  for (const [index, sentence] of sentences.entries()) {
    if (sentence.asked || !isApart(sentence, index, sentences.length, besideInstruction)) continue;
    const keyword = loneKeyword(sentence.text);
    if (keyword !== null && REMOVE_KEYWORDS.has(keyword) && isWrongAddress(sentences))
      return yes('keyword-with-reason', keyword, 0.8);
    if (keyword === null || !SHOUTED_KEYWORDS.has(keyword)) continue;
    if (sentence.shouted || sentence.ownLine) return yes('keyword-apart', keyword, 0.9);
    if (hasContext(sentences)) return yes('keyword-with-reason', keyword, 0.8);
  }
  return byReason(sentences);
}

function isApart(sentence: Sentence, index: number, count: number, besideInstruction: boolean): boolean {
  if (besideInstruction) return index === 0 && sentence.ownLine;
  return index === 0 || index === count - 1 || sentence.ownLine;
}

/** What people give as a reason when they opt out. */
const CONTEXT =
  /\bnot interested\b|\bwrong (?:number|person)\b|\bdo not (?:want|need|know) (?:this|it|these|you|your|any|to)\b|\bno thank|\bmessages?\b|\btexts?\b|\bsms\b|\bspam\b|\bnumber\b|\bunsubscribe\b|\bremove\b|\bno interest\b|\bplease\b|\b(?:keep|why are you|why do you) (?:on )?(?:texting|calling|messaging|sending|contacting)\b/;

/** Too common a word to stand for an opt-out without this. */
const REMOVE_KEYWORDS: ReadonlySet<string> = new Set(['remove', 'remove me', 'cancel', 'end', 'quit']);

function isWrongAddress(sentences: readonly Sentence[]): boolean {
  return sentences.some(({ text }) => /\b(?:wrong (?:number|person)|not interested)\b/.test(text));
}

function hasContext(sentences: readonly Sentence[]): boolean {
  return sentences.some((sentence) => CONTEXT.test(sentence.text));
}

const KEYWORD_START =
  /^(?:please )?(?:stop|unsubscribe)(?: (?:it|this|that|all this|now|please|all))*[ ,:-]+(?:please |thanks |thank you |and |i am |we are |this is |sorry |no |you have |do )*(?:not interested|no interest|wrong (?:number|person)|the wrong|thanks|thank you|no thanks|do not (?:want|know)|not (?:want|know)|remove me)\b/;

const KEYWORD_END =
  /\b(?:not (?:want|need|know|like) (?:it|them|this|these|that|you)|not interested|wrong (?:number|person)|no thanks|no thank you),? (?:so |and )?(?:please )?(?:remove|stop|unsubscribe|cancel)(?: please| thanks)?$/;

function byReason(sentences: readonly Sentence[]): OptOutDecision | null {
  for (const [index, { text }] of sentences.entries()) {
    const match = (index === 0 ? KEYWORD_START.exec(text) : null) ?? KEYWORD_END.exec(text);
    if (match !== null) return yes('keyword-with-reason', match[0], 0.8);
  }
  return null;
}

function byRules(sentences: readonly Sentence[]): OptOutDecision {
  let guarded: OptOutDecision | null = null;
  for (const sentence of sentences) {
    const keep = KEEP_GOING.exec(sentence.text);
    const partial = PARTIAL.exec(sentence.text);
    for (const rule of RULES) {
      if (!rule.gate.test(sentence.text)) continue;
      const match = rule.pattern.exec(sentence.text);
      if (match === null) continue;
      const guard = guardAgainst(rule, sentence, match, keep, partial);
      if (guard === null) return yes(rule.name, match[0], rule.confidence);
      guarded ??= guard;
    }
  }
  return guarded ?? NONE;
}

/** "Can you not text me?" and "don't text me, ok?" ask for no answer. */
const REQUEST_WITH_MARK =
  /\b(?:can|could|would|will|please)\b|\b(?:ok|okay|alright|right|understood|understand|got it)$/;
const FOR_EVER = /\b(?:again|anymore|ever)\b/;

function guardAgainst(
  rule: OptOutRule,
  sentence: Sentence,
  match: RegExpExecArray,
  keep: RegExpExecArray | null,
  partial: RegExpExecArray | null,
): OptOutDecision | null {
  if (keep !== null) return no('wish-to-continue', keep[0]);
  if (sentence.asked && !rule.inQuestions && !REQUEST_WITH_MARK.test(sentence.text)) {
    return no('question', match[0]);
  }
  if (rule.partial && partial !== null && !FOR_EVER.test(sentence.text))
    return no('another-time-or-channel', partial[0]);
  return null;
}
