import {
  CLAUSE_END,
  FILLER,
  FOR_GOOD,
  LIST,
  NOUN,
  REACH,
  REACHING,
  SOFT_NOUN,
  START,
  STRICT_START,
  TAIL,
  TARGET,
} from './english-words.ts';

/** One reason to take a sentence for an opt-out. */
export interface OptOutRule {
  readonly name: string;
  readonly pattern: RegExp;
  /** 0 … 1, a judgement of how plainly these words say it, not a measured probability. */
  readonly confidence: number;
  /** Also in a sentence that ends in a question mark. */
  readonly inQuestions: boolean;
  /** A cheap necessary condition: where it fails, `pattern` is not tried. */
  readonly gate: RegExp;
  /** Words such as "tonight" or "while I drive" turn it into a request for a time: no opt-out. */
  readonly partial: boolean;
}

const ADDRESS_WORD =
  '(?:number|no|name|phone|cell|contact|contacts|information|email|details|data|address|mobile|digits)';
const ME = `(?:me|us|(?:my|our) (?:(?:cell|phone|mobile|email|contact|first|full) ?)?${ADDRESS_WORD}|th(?:is|e) (?:(?:phone|cell|mobile) ?)?(?:number|no|phone|cell|contact|person|email|line)|\\+?\\d{7,})`;
const OFF = '(?: away)? (?:off|from|out|out of|off of|on)';
const NOT_ME_SUBJECT =
  '(?<!\\b(?:you|they|he|she|who|it|people|everyone|customers?|why|which) )(?<!\\bif (?:i|we) )';
const WISH =
  '(?:want|like|love|need|wish|prefer|rather|trying|tried|try|request|requested|asking|asked|ask|wanted|please|how (?:do|can|could|would|may) i|how|can i|could i|may i|let me|unable|attempting|able|about|going|decided|choose|chose|want you)';

function rule(name: string, confidence: number, source: string, more: Partial<OptOutRule> = {}): OptOutRule {
  return {
    name,
    confidence,
    pattern: new RegExp(source),
    gate: gateOf(name),
    inQuestions: true,
    partial: true,
    ...more,
  };
}

const GATES: Readonly<Record<string, RegExp>> = {
  stop: /stop|quit|cease|desist|cancel|end |no |enough|halt|block|discontinue|avoid|refrain|if you/,
  do: /do not|never|not to|no need|you (?:please )?not|stop|dnc|no call/,
  no: /not |no longer|never|rather|prefer|no wish|no desire|no in|tired|sick|fed up|done /,
  remove:
    /remove|delete|take|drop|eras|scratch|strike|get |pull|scrub|purge|clear|exclude|cancel|cross|withdraw|keep|leave|unlist|lose|forget|trash|burn|ditch|regist|enroll|deactivate|count|sign|include|add |put |block|unsubscribe|optout/,
};

function gateOf(name: string): RegExp {
  return GATES[name.split('-')[0] ?? ''] ?? /./;
}

/** How people forbid; "can you not text me" is one of the ways. */
const DO_NOT = '(?:do not|never|not to|no need to|(?:can|could|would|will) you (?:please )?not)';
/** Whom the lead speaks of, and things: "don't text her again", "don't send me the photo again". */
const NOT_OTHERS =
  '(?! (?:me (?:that|names)|him|her|them|that|those|his|their|someone|anyone|people|the (?!phone|number|same)))';
const NOT_A_THING =
  '(?! (?:me |us )?(?:the|that|a|your|my) (?:photos?|pics?|pictures?|files?|links?|money|address|parcel|package|documents?|forms?|invoice|bill|code|location|song|video)\\b)';

const STATEMENT = { inQuestions: false } as const;

/** Tried in order on each sentence; the first that matches is the reason that is stored. */
export const ENGLISH_RULES: readonly OptOutRule[] = [
  // "Stop texting me", "quit spamming this number"
  rule(
    'stop-contact',
    0.95,
    `${START}(?:stop|quit|cease|desist from|discontinue|refrain from|avoid|halt|enough) ${FILLER}{0,3}(?:${REACHING}|calling)(?: back)? ${TARGET}${TAIL}`,
  ),
  rule(
    'stop-contact',
    0.85,
    `${START}(?:stop|quit|cease) ${FILLER}{0,2}(?:texting|messaging|contacting|spamming|harassing|emailing|soliciting|calling and texting|texting and calling)${CLAUSE_END}`,
  ),
  rule(
    'stop-contact',
    0.85,
    `${START}(?:stop|quit|cease) (?:all |any |your )?(?:contact|communications?|communicating|correspondence)(?: with (?:me|us))?${TAIL}`,
  ),
  rule(
    'stop-contact',
    0.9,
    `${START}(?:stop|quit) (?:blowing up|hitting|reaching out|blowing) (?:up )?(?:to )?(?:me|us|my (?:phone|line|cell))`,
  ),
  rule('stop-contact', 0.8, `\\bcease (?:and|&) desist\\b`),
  // "Stop these messages", "no more texts"
  rule(
    'stop-messages',
    0.9,
    `${START}(?:stop|quit|cease|end|discontinue|cancel|halt|block|enough|no more) ${FILLER}{0,4}${NOUN}${TAIL}`,
  ),
  rule(
    'stop-messages',
    0.8,
    `^(?:(?:and|so|hi|hello|sorry|but) )?(?:please,? no ${FILLER}{0,2}${NOUN}|no ${FILLER}{0,2}${NOUN},? please)$`,
    STATEMENT,
  ),
  rule(
    'stop-messages',
    0.85,
    `${STRICT_START}no (?:further|future|additional|other) (?:contact|communication|${NOUN})${TAIL}`,
    STATEMENT,
  ),
  rule(
    'stop-contact',
    0.85,
    `\\bif you (?:would |could |can |will )?(?:please )?(?:stop|stopped|quit|not) (?:${REACHING}|calling|sending|call) (?:me|us|this|my)\\b(?<=(?:appreciate|appreciated|grateful|great|glad|nice|like|love|thankful|happy)(?: it)?,? if you .{0,60})`,
  ),
  // "Stop sending me offers"
  rule(
    'stop-sending',
    0.95,
    `${START}(?:stop|quit|cease|desist from|discontinue|halt|no more|avoid|refrain from) ${FILLER}{0,2}(?:sending|send|forwarding|delivering|giving) (?:[\\w']+ ){0,5}?(?:${NOUN})(?! to (?!me\\b|us\\b|my\\b|this\\b|our\\b))`,
  ),
  rule(
    'stop-sending',
    0.9,
    `${START}(?:stop|quit|cease) ${FILLER}{0,2}(?:sending|send|forwarding) (?:me |us |to me )?(?:${FILLER}{0,2})(?:${SOFT_NOUN}|stuff|shit|crap|those|anything|me|us|to ${TARGET})${TAIL}`,
  ),
  rule('stop-sending', 0.85, `${START}(?:stop|quit|cease) (?:sending|forwarding)${CLAUSE_END}`),
  // "I want to stop receiving", "how do I stop getting these"
  rule(
    'stop-receiving',
    0.9,
    `\\b${WISH} (?:to )?(?:stop|not|no longer|cease|avoid|quit|end) (?:to )?(?:receiv\\w+|get|getting|be contacted|being contacted|hear from|hearing from|be texted|be called|be messaged) ?(?:[\\w']+ ){0,5}?(?:${NOUN}|${SOFT_NOUN}|you|by|anymore)?\\b`,
  ),
  rule(
    'stop-receiving',
    0.85,
    `\\b(?:how (?:do|can|could|would) (?:i|we|you|one)|how to|want to|like to|can i|way to|need to) (?:make )?(?:stop|end|cancel|block|turn off|get rid of|get out of) (?:this|these|those|your|all|the|getting|receiving) (?:\\w+ ){0,2}?${NOUN}`,
  ),
  // "Don't text me again", "never contact this number"
  rule(
    'do-not-contact',
    0.95,
    `${START}${DO_NOT} (?:ever |even |you |please |dare |bother to |try to )*(?:${REACH}|call|calling|ring)(?: back)?(?: to| up)?${NOT_OTHERS}(?: ${TARGET})?(?: [\\w']+){0,3}? ${FOR_GOOD}\\b`,
    STATEMENT,
  ),
  rule(
    'do-not-contact',
    0.85,
    `${STRICT_START}(?:do not|never|not to) (?:ever |even |please )*(?:contact|solicit|spam|harass|reach out to|text or call|call or text|message or call|text and call|call and text)(?: ${TARGET}${TAIL}|${CLAUSE_END})`,
    STATEMENT,
  ),
  rule(
    'do-not-contact',
    0.85,
    `${STRICT_START}(?:do not|never) (?:ever |please )*(?:${REACH}|call)(?: back)?(?: to)? (?:(?:on|at|to|in) )?(?:this|my) (?:(?:cell|phone|mobile|private|personal|work|home) ?)?(?:number|no|phone|cell|line)${TAIL}`,
    STATEMENT,
  ),
  rule(
    'do-not-contact',
    0.75,
    `${STRICT_START}(?:do not|never) (?:ever |please )*(?:text|message|write|sms|email|dm|texting|messaging)(?: to)? (?:me|us)${TAIL}`,
    STATEMENT,
  ),
  rule(
    'do-not-contact',
    0.75,
    `\\bplease,? (?:do not|never) (?:ever )?(?:call|text|message|write|disturb|bother)(?: me| us)?(?: please)?$`,
    STATEMENT,
  ),
  rule(
    'do-not-contact',
    0.85,
    `${STRICT_START}(?:do not|never) (?:ever )?(?:bother|disturb|annoy) (?:me|us) (?:with|by) (?:[\\w']+ ){0,2}${NOUN}`,
    STATEMENT,
  ),
  rule(
    'do-not-contact',
    0.9,
    `\\b(?:no need|do not need|do not have) to (?:contact|text|call|message|send) (?:me|us)? ?(?:[\\w']+ ){0,3}(?:again|anymore)\\b`,
    STATEMENT,
  ),
  // "Don't send me any more messages"
  rule(
    'do-not-send',
    0.95,
    `${START}${DO_NOT} (?:ever |even |please |keep |you |continue |bother )*(?:send|sending|forward|give|deliver|be sending) (?:[\\w']+ ){0,6}?${NOUN}(?! to (?!me\\b|us\\b|my\\b|this\\b|our\\b))`,
    STATEMENT,
  ),
  rule(
    'do-not-send',
    0.9,
    `${START}${DO_NOT} (?:ever |even |please |keep |bother )*(?:send|sending|forward)${NOT_A_THING}(?! to (?!me\\b|us\\b|my\\b|this\\b|our\\b))(?: (?:me|us|to me))?(?: [\\w']+){0,3}? ${FOR_GOOD}\\b`,
    STATEMENT,
  ),
  rule(
    'do-not-send',
    0.85,
    `${START}(?:do not|never) (?:ever )?(?:send|give) (?:me|us) (?:any|anymore|more|further|this|these) (?:${SOFT_NOUN}|(?:of )?(?:this|these))${TAIL}`,
    STATEMENT,
  ),
  rule(
    'do-not-contact',
    0.85,
    `${START}(?:do not|never|stop) (?:ever )?(?:use|using|add|adding|include|including) (?:me|(?:this|my) (?:phone )?(?:number|no|phone|line|contact))(?: (?:to|in|on|for) (?:[\\w']+ ){0,3}?${LIST}\\b| ${FOR_GOOD})`,
    STATEMENT,
  ),
  rule(
    'do-not-send',
    0.85,
    `${STRICT_START}(?:do not|never) (?:ever )?(?:send|sending) (?:me |us )?(?:(?:any|this|these|those|such|your) ?)?(?:anything(?: else)?|stuff|things?|offers?|information|nothing|to ${TARGET})${TAIL}`,
    STATEMENT,
  ),
  // "I don't want your messages", "I no longer wish to hear from you"
  rule(
    'no-wish',
    0.9,
    `${NOT_ME_SUBJECT}(?:do not|no longer|never|would not|will not) (?:really |even |ever |longer )?(?:want|need|wish|like|care|desire|accept|appreciate)(?: for)?(?: to)? (?:receiv\\w+|get|getting|have|see|be sent|be getting|be receiving|continue receiving|keep (?:receiving|getting)) (?:[\\w']+ ){0,5}?(?:${NOUN}|from you|anymore|these|this|them|any of)(?:\\b|$)`,
  ),
  rule(
    'no-wish',
    0.9,
    `${NOT_ME_SUBJECT}(?:do not|no longer|never|would not) (?:really |even |ever )?(?:want|need|wish|like|care|desire)(?: to)? (?:hear|be (?:hearing|contacted|texted|called|messaged|bothered|disturbed|emailed|solicited|spammed|subscribed|part of (?:this|your)|(?:on|in) (?:your|this|the|any) ${LIST}))(?: from (?:you|your|any|this|anyone))?${TAIL}`,
  ),
  rule(
    'no-wish',
    0.9,
    `${NOT_ME_SUBJECT}(?:do not|no longer|never|would not) (?:really |even |ever )?(?:want|need|wish|like)(?: for)? (?:you|your company|anyone|anybody|people)(?: (?:people|guys|all))? (?:to )?(?:be |keep |ever )?(?:text|call|contact|send|messag|write|email|disturb|bother)(?:ing|e)?\\b`,
  ),
  rule(
    'no-wish',
    0.85,
    `${NOT_ME_SUBJECT}(?:do not|no longer|never) (?:really |even )?(?:want|need|wish|like|wish for) (?:any|your|these|those|this|such|more|no|the|further|anymore|to be in|sms|text) ?(?:[\\w']+ ){0,3}?${NOUN}(?! (?:that|about|to))`,
  ),
  rule(
    'no-wish',
    0.85,
    `${NOT_ME_SUBJECT}(?:do not|no longer) (?:really )?(?:want|need|wish) (?:any |your |these |this |more |the )*(?:${NOUN}|information|news|updates?|offers?) ?(?:from you|anymore|again|please|thanks|thank you)${TAIL}`,
  ),
  rule('no-wish', 0.85, `\\bno longer (?:want|need|wish|require) (?:[\\w']+ ){0,3}${NOUN}`),
  rule(
    'no-wish',
    0.85,
    `\\bnot (?:be )?interested in (?:receiving|getting|hearing from|any more|your|these|more|further) ?(?:[\\w']+ ){0,3}(?:${NOUN}|from you|you|anymore)`,
  ),
  rule(
    'no-wish',
    0.85,
    `\\b(?:would|i) (?:rather|prefer) (?:you )?(?:to )?not (?:to )?(?:be contacted|contact|text|message|hear from|(?:receive|get|have) (?:[\\w']+ ){0,3}?(?:${NOUN}|these|from you))\\b`,
  ),
  rule(
    'no-wish',
    0.85,
    `\\b(?:no (?:wish|desire|interest|intention)) (?:to|in|of) (?:receiv\\w+|be(?:ing)? contacted|hear(?:ing)? from you)`,
  ),
  rule(
    'no-wish',
    0.6,
    `\\bi am (?:so |really |very |getting )?(?:tired|sick|sick and tired|fed up|done) (?:of|with) (?:receiving |getting |all )*(?:your|these|those|this)? ?(?:[\\w']+ ){0,2}${NOUN}`,
  ),
  // "Remove me from your list", "take my number off", "lose my number"
  rule(
    'remove-me',
    0.95,
    `(?:${START}|\\b${WISH} (?:to |you to )?)(?:remove|delete|take|drop|erase|scratch|strike|get|pull|scrub|purge|clear|exclude|cancel|cross|withdraw|keep|leave|unlist|block) ${ME}${OFF} (?:of )?(?!hold\\b|guest|wait|the guest|the wait)(?:[\\w']+ ){0,4}?(?<!\\b(?:guest|waiting|wait|invite|invitation|shopping|to do|play) )${LIST}\\b`,
    { partial: false },
  ),
  rule(
    'remove-me',
    0.9,
    `${START}(?:remove|delete|take|erase|unlist|exclude|scratch|cancel|drop) ${ME}(?: (?:off|out|away))?(?: please| now| immediately| asap| thanks| thank you| too| as well)*${CLAUSE_END}`,
    { partial: false },
  ),
  rule(
    'remove-me',
    0.9,
    `(?:${START}|\\b${WISH} (?:to )?)(?:remove|delete|erase) ${ME} (?:from|off) (?:your|all|any)\\b(?! (?:account|calendar|reservation|booking|card|profile|policy|plan|lease|party|event|meeting|team))`,
    { partial: false },
  ),
  rule(
    'remove-me',
    0.9,
    `${START}(?:lose|forget|trash|delete|erase|burn|ditch) (?:my|this) (?:phone |cell )?(?:number|digits|contact|no$)\\b`,
  ),
  rule(
    'remove-me',
    0.9,
    `\\b${WISH} (?:to )?(?:be|get|have been|being)? ?(?:my (?:number|name) )?(?:removed|taken off|deleted|unsubscribed?|optout|excluded|be removed|taken out)(?: (?:(?:from|off|out of) |(?=your|this|the|these|all))(?:[\\w']+ ){0,4}?${LIST}\\b| please|${CLAUSE_END})`,
    { partial: false },
  ),
  rule(
    'remove-me',
    0.85,
    `\\b${WISH} (?:to )?get (?:off|out)(?: of)? (?:your|this|these|the) (?:[\\w']+ ){0,3}?${LIST}\\b`,
    { partial: false },
  ),
  rule(
    'remove-me',
    0.85,
    `\\b(?:have|want|like|need|get) (?:my|our|this) (?:(?:cell|phone|mobile) )?${ADDRESS_WORD} (?:to be )?(?:removed|deleted|taken off|erased)(?: (?:from|off) (?:[\\w']+ ){0,4}?${LIST}\\b| please|${CLAUSE_END})`,
    { partial: false },
  ),
  rule(
    'remove-me',
    0.85,
    `${START}do not (?:include|add|keep|put) (?:me|my (?:number|name|phone)) (?:in|on|to) (?:your|any|this|the|these) (?:[\\w']+ ){0,3}?${LIST}`,
  ),
  rule(
    'remove-me',
    0.85,
    `${START}(?:unregister|deregister|unenroll|disenroll|unlist|deactivate) (?:me|my (?:number|phone)|this (?:number|phone))\\b`,
  ),
  rule(
    'remove-me',
    0.85,
    `^(?:please |kindly |just )*(?:remove|delete|take|take off|remove me) (?:from|off) (?:(?:your|the|this|all) )?(?:\\w+ )?(?:list|lists|database|mailing|texts|messages|subscription)(?: please| now| thanks)*$`,
  ),
  rule(
    'remove-me',
    0.7,
    `${START}(?:count me out|sign me (?:out|off)|get me out|leave me out|take me out) of (?:this|these|your|all)\\b`,
  ),
  // "Unsubscribe me", "I want to opt out"
  rule(
    'unsubscribe',
    0.95,
    `${START}unsubscribe(?= (?:me|us|this|my|please|from|now|all|to|thanks|thank|it|and|i|of|immediately|asap|number|the|your|here)\\b|$|[,:()-])`,
    { partial: false },
  ),
  rule(
    'unsubscribe',
    0.9,
    `(?<!\\b(?:not|never) )\\b${WISH} (?:to |be |get |you to |you |have |please |an |the |way to |i ){0,3}unsubscribed?\\b`,
    { partial: false },
  ),
  rule(
    'unsubscribe',
    0.8,
    `\\bi (?:have |had |just |already |can not |could not )+unsubscribed?(?= (?:me|from (?:this|these|your|you)|already|twice|and|but|yet)|$|[,:])`,
    { partial: false },
  ),
  rule(
    'unsubscribe',
    0.8,
    `\\bcancel (?:my |this |the |me )?(?:subscriptions?|registration) (?:to|for|of|from) (?:these|this|your|the) (?:[\\w']+ ){0,2}${NOUN}`,
  ),
  rule(
    'opt-out',
    0.95,
    `(?:${START}|\\b${WISH} (?:to |you to |be |have |me ){0,2}|\\bi (?:am |will |hereby |would like to |do )?)optout(?=$|[,:()-]| (?:please|now|thanks|thank|me|immediately|asap|and|i)\\b| (?:of|from) (?:[\\w']+ ){0,4}?(?:${LIST}|${NOUN}|receiving|being contacted)\\b)`,
    { partial: false },
  ),
  rule(
    'revoke-consent',
    0.95,
    `\\b(?:revoke|revoking|withdraw|withdrawing|retract|rescind) (?:my |all |any |the |prior )*(?:consent|permission|authori[sz]ation|opt ?in)`,
  ),
  rule(
    'revoke-consent',
    0.9,
    `\\b(?:do not|never|did not|no) (?:have|has|give|gave|given)? ?(?:my |you |any )*(?:consent|permission|authori[sz]ation) (?:to|for) (?:\\w+ )?(?:contact|text|call|message|email|send|these|this)`,
  ),
  rule(
    'revoke-consent',
    0.9,
    `\\b(?:i|we) do not (?:authori[sz]e|permit|allow|consent)(?: to)?(?: you| anyone| your company)?(?: to)? (?:contact|text|call|message|email|send|being contacted|these|your|receiv)`,
  ),
  rule('asked-before', 0.85, `\\b(?:answer|reply|response) is:? ["']?(?:stop|unsubscribe)["']?$`),
  rule(
    'do-not-call-list',
    0.9,
    `\\b(?:on|to|in|into|onto) (?:(?:your|the|a|national|federal|internal) ?){0,3}(?:do not (?:call|contact|text|mail|solicit)|dnc|no call)\\b`,
  ),
  // "You send me too many messages, please stop", "stop texting this number" behind any words
  rule(
    'stop-messages',
    0.75,
    `^(?!.*\\b(?:do not|never|not|to|did|why|when|who) (?:please )?stop)(?=.*\\b(?:${NOUN}|signed up|sign up|subscribed?|registered|(?:leave|let) (?:me|us|my phone) alone|(?:text|messag|contact|spam|harass|email)ing (?:me|us|this)\\b)).*(?:[,:-] ?(?:please |just |kindly )?|(?:\\bplease|\\bkindly) )stop(?: (?:it|them|this|that|these|all|now|please|thanks|thank you|already|immediately))*$`,
    STATEMENT,
  ),
  rule(
    'stop-contact',
    0.8,
    `(?<!\\b(?:to|not|never|will|would|can|could|did|does|you|they|he|she|who|i|we|people|if|when|why|until|always|just) )stop (?:texting|messaging|contacting|spamming|smsing|harassing) (?:me|us|(?:this|my) (?:number|phone|cell|line))\\b`,
    STATEMENT,
  ),
  rule(
    'stop-contact',
    0.8,
    `\\btell (?:them|your (?:\\w+ )?(?:people|team|staff|colleagues?|company|boss)) (?:to stop|not to) (?:send|text|call|messag|contact|write)\\w*(?: me| us)\\b`,
  ),
  rule(
    'no-wish',
    0.8,
    `\\b${NOUN}.{0,60}\\b(?:do not|no longer) (?:need|want) (?:them|these|it|this|any)(?: anymore)?${CLAUSE_END}(?<=\\b(?:i|we|but|so|and|no longer|really)\\b.*)`,
    STATEMENT,
  ),
  rule(
    'no-wish',
    0.85,
    `${NOT_ME_SUBJECT}(?:do not|no longer) (?:really )?(?:want|wish|need)(?: to)? (?:receiv\\w+|get|getting|be sent) (?:any |your |these |this |more |the |such )*(?:information|informations|news|updates|offers)\\b`,
    STATEMENT,
  ),
  // Wordings of the same wishes that the rules above pass by
  rule(
    'do-not-contact',
    0.85,
    `\\b(?:can|could|would|will) you (?:please )?not (?:contact|text|message|sms|email|write)(?: to)?(?: (?:me|us|this (?:number|phone)|my (?:number|phone)))?(?: please)?$`,
  ),
  rule(
    'do-not-contact',
    0.85,
    `^(?:please )?(?:do not|never) (?:text|call|email|message|contact)(?:,| or| and)+ ?(?:do not |or |and )?(?:text|call|email|message|contact)(?:,? (?:or |and )?(?:do not )?(?:text|call|email|message|contact))*(?: me| us| please)*$`,
    STATEMENT,
  ),
  rule(
    'do-not-contact',
    0.85,
    `${STRICT_START}(?:do not|never) (?:reply|respond|get back)(?: to (?:me|us|this))?(?: ever)? ${FOR_GOOD}\\b`,
    STATEMENT,
  ),
  rule(
    'do-not-contact',
    0.75,
    `^(?:please )?(?:do not|never|stop) us(?:e|ing) (?:my|this) (?:phone |cell |mobile )?number(?: please| anymore| again)*$`,
    STATEMENT,
  ),
  rule(
    'no-wish',
    0.85,
    `\\bi (?:would )?(?:really )?(?:like|want|prefer|wish|ask)(?: for)?(?: you)? (?:to not|not to|not)(?: to)? (?:(?:send|receive|get|have) (?:[\\w']+ ){0,3}?${NOUN}|(?:text|contact|message|email) (?:me|us)|be (?:contacted|texted|messaged))`,
    STATEMENT,
  ),
  rule(
    'no-wish',
    0.85,
    `\\brather you (?:did|do|would) not (?:text|contact|message|email|write|call) (?:me|us)\\b`,
  ),
  rule(
    'asked-before',
    0.85,
    `\\bi (?:have |am |keep |had )*(?:ask|asked|asking|told|tell|telling) you (?:[\\w']+ ){0,3}?to stop(?: (?:it|this|please))*$`,
  ),
  rule(
    'remove-me',
    0.85,
    `(?:${START}|\\b${WISH} (?:to )?)(?:take|get|keep) (?:it|this|that) off (?:of )?(?:your|the) (?:\\w+ ){0,2}?(?:lists?|system|database|records)\\b`,
    { partial: false },
  ),
  rule(
    'remove-me',
    0.85,
    `${START}(?:remove|delete|erase) (?:all )?(?:of )?my (?:personal |contact )?(?:details|data|information|info) from your (?:\\w+ )?(?:lists?|system|database|records|files?)\\b`,
    { partial: false },
  ),
  rule(
    'remove-me',
    0.85,
    `\\bwant (?:out|off)(?: of)? (?:this|your|the) (?:\\w+ ){0,2}?(?:lists?|thread|group)\\b`,
    { gate: /want o/ },
  ),
  rule(
    'remove-me',
    0.65,
    `^(?:please |just )*block (?:me|my number|this number)(?: please| now)*$`,
    STATEMENT,
  ),
  rule('unsubscribe', 0.9, `^i (?:am |hereby |have |had |already |just )*unsubscribed?$`, STATEMENT),
  rule(
    'opt-out',
    0.85,
    `\\bi (?:have |had |already |just )*optout(?: (?:of|from))?(?: this| these| your)? ?(?:\\w+ )?(?:last|before|already|yesterday|twice|ago|weeks?|months?|days?|several|multiple)\\b`,
  ),
  rule('stop-messages', 0.85, `${START}(?:stop|quit|end) your (?:[\\w']+ ){0,2}${NOUN}${TAIL}`),
  rule(
    'stop-messages',
    0.85,
    `\\b(?:make|need|want|like) (?:these|those|your|all|the|all these) (?:\\w+ )?${NOUN} (?:to )?(?:stop|end|cease)\\b`,
  ),
  rule(
    'stop-messages',
    0.8,
    `${START}(?:turn|switch|shut) (?:(?:these|those|your|this) ${NOUN} off|off (?:these|those|your) (?:\\w+ )?${NOUN})|\\bno(?:tifications?|t messages|messages|texts) (?:for|to) this (?:number|phone)\\b(?<=off .{0,40})`,
    { gate: /turn|switch|shut/ },
  ),
  rule('stop-messages', 0.8, `^(?:please |just )*no (?:more )?spam(?:ming)?(?: please)*$`, STATEMENT),
  rule(
    'stop-contact',
    0.8,
    `^(?:please )?stop(?: it| this| now)*,? or (?:i|we)(?: will| am going to)? (?:call|report|sue|block|contact|complain)\\b`,
    STATEMENT,
  ),
  // What an operator notes down of somebody who called in.
  rule(
    'no-wish',
    0.8,
    `\\b(?:person|sender|subscriber|texter|caller|writer|user|lady|gentleman|recipient|customer) (?:does not|no longer|asks? (?:us |you )?(?:not|to stop)|asked (?:us |you )?(?:not|to stop)|wants? (?:us |you )?to stop|would (?:like|want) (?:us |you )?to stop|said to stop|says to stop)\\b.{0,50}\\b${NOUN}`,
    STATEMENT,
  ),
  rule(
    'do-not-send',
    0.8,
    `${STRICT_START}(?:do not|never) (?:ever )?send (?:me|us) (?:these|those)(?: please)?$`,
    STATEMENT,
  ),
  rule(
    'spam-report',
    0.75,
    `\\b(?:report|lawyer|police|sue|legal action|block)\\b.*\\bif (?:you|i) (?:ever |keep )?(?:text|call|message|contact|get)\\w* (?:me|us|this number|another|one more)\\b|\\bif (?:you|i) (?:ever |keep )?(?:text|call|message|contact|get)\\w* (?:me|us|this number|another|one more)\\b.*\\b(?:report|lawyer|police|sue|legal|block)\\b`,
    STATEMENT,
  ),
  // "I already said STOP twice"
  rule(
    'asked-before',
    0.85,
    `\\bi (?:have )?(?:already |just |repeatedly )?(?:said|told you|asked you|asked|replied|texted|sent|typed|wrote|requested|responded|answered)(?: you)?(?: already)?(?: with| to| the word| for you to)*,? ["']?(?:stop|unsubscribe|optout|remove me)["']?(?=$|[,:()"-]| (?:already|texting|calling|sending|messaging|contacting|\\d+|many|several|multiple|twice|three|and (?:you|i|still|yet)|but|before|yesterday|last|the)\\b)`,
  ),
  rule(
    'spam-report',
    0.7,
    `\\b(?:report|reporting|reported|complain|forward\\w*)\\b.{0,30}\\b(?:as spam|for spam\\w*|fcc|ftc|attorney general|for harassment|as harassment|trai|the ico)\\b`,
  ),
  rule(
    'leave-alone',
    0.6,
    `^(?:please |just |and |kindly )*leave (?:me|us|my phone) (?:the (?:hell|fuck|f) )?(?:alone|in peace|be)(?: please| now)*$`,
  ),
];

/** A wish for the contrary: "I don't want you to stop sending". */
export const KEEP_GOING =
  /\b(?:did not|never) (?:ask|asked|want|wanted|request|requested) (?:you |for you )?to (?:be )?(?:removed?|unsubscribed?|optout|stop)\b|^(?:what|who)\b.*\bunsubscribe|^unsubscribe from what\b|\b(?:do not|never|would not|not) (?:want|wish|like|need|plan|intend|going|mean)(?:ing)? (?:for )?(?:you |them |to |you to |me to )*(?:stop|unsubscribe|optout|quit|be removed|remove)|\b(?:never|(?<!\b(?:can|could|why) )(?:do )?not) (?:ever )?(?:stop|unsubscribe|optout|remove|quit|cancel)\b|(?<!\b(?:you|they|not) )\b(?:continue|keep|go on|resume) (?:to )?(?:sending|send|write|writing|texting) (?:me|us|them|it|the|your)\b|\bresubscribe|\b(?:accident\w*|mistak\w*|not mean to) .{0,20}(?:unsubscribe|optout|stop)|\b(?:unsubscribe|optout|stop)\w* (?:by (?:accident|mistake)|accidentally)|\b(?:why (?:was|am|did)|did) i (?:been |get |was )?(?:unsubscribe|optout)|\bhelp (?!me,).{0,20}stop\b/;

/** A request for another time or another channel, not for the end. */
export const PARTIAL =
  /\b(?:until|till|tonight|right now|at night|at this time|today|tomorrow|tmr|during|while|later|before \d|after \d|past \d|so late|so early|at \d|this (?:week|weekend|morning|evening|month|time)|instead|at work|in class|driving|sleeping|asleep|meeting|exam\w*|lecture|call you back|text me (?:on|at)|email me (?:on|at)|call me (?:on|at)|(?:text|call|calls|email|emails|texts) only|use my other|my other number|my new number|when i am|when you are|first|not \w+ (?:me |us )?now)\b|(?:^|[,:-]|\b(?:please|just|but|can you|rather)) ?(?:text|call|email|message|whatsapp|phone) (?:me|us|my)\b(?! (?:again|anymore))/;
