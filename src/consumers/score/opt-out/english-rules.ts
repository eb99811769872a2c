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
    `${START}${DO_NOT} (?:ever |even |you |please |dare |bother to |try to )*(?:${REACH}|call|calling|ring)(?: back)?(?: to| up)?(?: ${TARGET})?(?: [\\w']+){0,3}? ${FOR_GOOD}\\b`,
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
    `${START}${DO_NOT} (?:ever |even |please |keep |bother )*(?:send|sending|forward)(?! to (?!me\\b|us\\b|my\\b|this\\b|our\\b))(?: (?:me|us|to me))?(?: [\\w']+){0,3}? ${FOR_GOOD}\\b`,
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
    `${STRICT_START}(?:do not|never) (?:ever )?(?:send|sending) (?:me |us )?(?:(?:any|this|these|those|such|your) ?)?(?:anything|stuff|things?|offers?|information|nothing|to ${TARGET})${TAIL}`,
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
    `\\bcancel (?:my |this |the |me )?subscriptions? (?:to|for|of|from) (?:these|this|your|the) (?:[\\w']+ ){0,2}${NOUN}`,
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
    `^(?:please |just |and |kindly )*leave (?:me|us|my phone) (?:alone|in peace|be)(?: please| now)*$`,
  ),
];

/** A wish for the contrary: "I don't want you to stop sending". */
export const KEEP_GOING =
  /\b(?:do not|never|would not|not) (?:want|wish|like|need|plan|intend|going|mean)(?:ing)? (?:for )?(?:you |them |to |you to |me to )*(?:stop|unsubscribe|optout|quit|be removed|remove)|\b(?:never|(?<!\b(?:can|could|why) )(?:do )?not) (?:ever )?(?:stop|unsubscribe|optout|remove|quit|cancel)\b|(?<!\b(?:you|they|not) )\b(?:continue|keep|go on|resume) (?:to )?(?:sending|send|write|writing|texting) (?:me|us|them|it|the|your)\b|\bresubscribe|\b(?:accident\w*|mistak\w*|not mean to) .{0,20}(?:unsubscribe|optout|stop)|\b(?:unsubscribe|optout|stop)\w* (?:by (?:accident|mistake)|accidentally)|\b(?:why (?:was|am|did)|did) i (?:been |get |was )?(?:unsubscribe|optout)|\bhelp .{0,20}stop\b/;

/** A request for another time or another channel, not for the end. */
export const PARTIAL =
  /\b(?:until|till|tonight|right now|at night|at this time|today|tomorrow|tmr|during|while|later|before \d|after \d|past \d|so late|so early|at \d|this (?:week|weekend|morning|evening|month|time)|instead|at work|in class|driving|sleeping|asleep|meeting|exam\w*|lecture|call you back|text me (?:on|at)|email me (?:on|at)|call me (?:on|at)|(?:text|call|calls|email|emails|texts) only|use my other|my other number|my new number|when i am|when you are|first|not \w+ (?:me |us )?now)\b|(?:^|[,:-]|\b(?:please|just|but|can you|rather)) ?(?:text|call|email|message|whatsapp|phone) (?:me|us|my)\b(?! (?:again|anymore))/;
