/** Fragments that the English rules are built of. All match plain words, see `Sentence.text`. */

/** What a lead can ask us to stop sending. Singular "call" is left out: "end the call" is no opt-out. */
export const NOUN =
  '(?:(?:text|sms|phone|email|spam|marketing|promotional|sales|automated) ?)?(?:messages?|massages?|texts?|sms(?:es)?|emails?|mails?|calls|calling|notifications?|alerts?|spam(?:s|ming)?|promos?|promotions?|ads?|adverts?|advertisements?|advertising|newsletters?|mailings?|communications?|solicitations?|marketing|robocalls?|telemarketing|bulletins?|broadcasts?|correspondence|junk)\\b';
/** Things that are only unwanted when somebody says "any more": "I want information" is common. */
export const SOFT_NOUN =
  '(?:information|news|updates?|offers?|contact|deals?|help|stuff|things?|it|these|this|this service|reminders?)';

/** Whom the contact reaches: the lead, or the lead's phone. */
export const TARGET =
  '(?:me|us|(?:(?:on|at|to|with|in|from|over) )?(?:this|that|my|our|the same) (?:(?:cell|mobile|phone|work|home|personal|private|business) ?)?(?:number|no|phone|cell|line|mobile|person|house|home|office|work|job|business|inbox|email|address)|here|(?:to|with|at|on) (?:me|us))';
/** Doing it, as a gerund. "Calling" needs a closer look at what follows, so it has its own rule. */
export const REACHING =
  '(?:texting|messaging|contacting|emailing|mailing|writing|phoning|ringing|dming|spamming|bothering|harassing|bugging|disturbing|pestering|hounding|soliciting|blasting|stalking|smsing|bombarding|whatsapping|pinging|hitting up|blowing up|text|message|contact|email|sms|disturb|bother|harass|spam|write|writing to)';
/** Doing it, as a bare verb behind "do not". */
export const REACH =
  '(?:text|message|contact|email|mail|write|sms|phone|ring|dm|disturb|bother|harass|spam|ping|whatsapp|pester|solicit|reach out|communicate with|hit|texting|messaging|contacting|writing|calling|emailing|disturbing|bothering|bug)';

export const FOR_GOOD =
  '(?:again|anymore|ever|no more|no longer|in the future|in future|any further|further|another time|from now on|henceforth|from today)';

/** Words that may stand between "stop" and what is to stop. */
export const FILLER =
  '(?:(?:fucking|freaking|fkn|damn|goddamn|bloody|stupid|all|any|the|this|these|those|that|your|such|of|with|w|to|from|it|and|constantly|always|ever|trying to|being|so many|more|so much|further|unwanted|unsolicited|annoying|useless|random|daily|constant|please|me|kind|kinds|type|types|sort|other|out|doing) )';

/** Who is asked: the reader. "They told me to stop" and "why did you stop" are not requests. */
const ASKING =
  "(?:(?:can|could|would|will|wish|want|need|unless|until|like|please|make sure|hope|prefer|ask(?:ed|ing)?|beg(?:ging)?|demand|request|insist|require|better) (?:that )?(?:you|ya'll)(?: (?:please|all|guys|people|just))?|you (?:can|may|must|should|better|all|guys|people)(?: please| just)?|(?:you|need|like|ask(?:ed|ing)? you|(?:asked|told) you(?: \\w+){1,3}|told you|told you guys|beg you|request|guys|people|company|team|would like you|able|way|for you|have you|get you|you guys|you people|you all|it|them all) to(?: please| just)?)";
const OPENERS =
  '(?:please|kindly|just|and|so|then|now|but|or|also|ok|okay|hey|hi|hello|dear|sir|madam|maam|guys?|people|yo|bro|dude|man|omg|wtf|lol|no|yes|yeah|thanks|thank you|i said|said|again|must|should|better|immediately|seriously|anymore|number|person|interested|because|phone|useless|time|stop|not me|me|you have|notes|not mine|god|already|therefore|wrong|late|enough|busy|goodbye|bye)';

/** A word that makes "X stop texting me" a statement; any other word is taken for a name. */
const NO_NAME =
  '(?:he|she|they|it|we|i|you|who|what|why|when|where|how|did|do|does|not|never|always|to|if|that|this|will|would|can|could|should|must|may|might|have|has|had|is|am|are|was|were|bus|full|non|pit|one|the|a|an|my|your|his|her|our|their|no|with|by|at|in|on|of|for|from|keep|got|until|till|after|before|cannot)';

/** Where a request may begin: a clause's start, perhaps behind a name, or after words that lead up to one. */
export const START = `(?:^(?:(?!${NO_NAME} )[a-z]+ )?|[,:("-] ?|\\b(?:${OPENERS}|${ASKING}),? )`;
/** The same, for orders that a story could also hold ("never call me"): nothing but courtesy may lead up. */
export const STRICT_START =
  '(?:^|[,:("-] ?|^(?:[^ ]+ ){0,2}(?:please|kindly|and|so|but|thanks|okay|ok|hi|hello|notes|sir|hey|bye|goodbye|lol) |\\b(?:please|kindly|just|interested|number|person|or|and|phone|me|thanks|thank you|useless|would you|could you|can you|will you) )';

/** What may follow a target without turning it into something else ("stop calling me Dave"). */
const FOLLOWERS =
  '(?:please|again|anymore|ever|now|immediately|asap|on|at|about|from|with|and|i|you|your|this|these|those|that|it|or|if|unless|because|since|every|everyday|all|so|for|thanks|thank|ok|okay|the|when|already|dude|man|bro|sir|forever|right|as|any|are|is|am|not|no|by|to|via|god|stop|remove|unsubscribe|wrong|continuously|constantly|daily|both|everywhere|like this|in|long|texts?|messages?|sms|emails?|seriously|nonstop|non|damn|fuck\\w*|we|my|do|leave|lol|ya|la|lah|le|liao|leh|lor|hor|ah|k|tq|until you)';
export const CLAUSE_END = '(?=$|[,:()"\'-]| [,:(-])';
export const TAIL = `(?=$|[,:()"'-]| [,:(-]| ${FOLLOWERS}\\b)`;

/** What an opt-out can be from. */
export const LIST =
  '(?:lists?|database|data base|databases|systems?|records?|mailing\\w*|contacts?|contact list|directory|distribution\\w*|thread|chain|group (?:text|chat|message)s?|files?|crm|campaigns?|subscriptions?|subscribers?|promotions?|rotation|mail|phone ?book|spam|service|program|messages?|texts?|sms|emails?|calls?|notifications?|alerts?|newsletters?|marketing|ads?|adverts?|updates?|offers?|books|groups?|here|this|these|it|all|everything|group|bulletins?|broadcasts?)';
