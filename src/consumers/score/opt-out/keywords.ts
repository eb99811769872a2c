/**
 * Words that end a subscription when they are the whole message. The English ones are those that
 * carriers act upon by themselves (CTIA messaging principles: STOP, END, CANCEL, UNSUBSCRIBE, QUIT;
 * the FCC's rule of 2024 adds REVOKE and OPT OUT), the others what local carriers and senders use.
 * Plain words as `plainWords` writes them: lower case, no accents.
 */
const KEYWORDS: ReadonlySet<string> = new Set([
  'stop',
  'stopall',
  'stop all',
  'stopp',
  'stop now',
  'stop stop',
  'stop to all',
  'no stop',
  'stop no',
  'unsubscribe',
  'unsubscribe all',
  'unsubscribed',
  'cancel',
  'end',
  'quit',
  'revoke',
  'optout',
  'remove',
  'remove me',
  'stopsms',
  'stop sms',
  'stop text',
  'stop texts',
  'stop it all',
  'please stop this',
  'stopmsg',
  'stop message',
  'stop messages',
  'stop promotions',
  'stop ads',
  'stop alerts',
  'stop alert',
  'stop marketing',
  'stop sending',
  'stop texting',
  'stop messaging',
  'stop contacting',
  'cancel all',
  'end all',
  'do not contact',
  'do not text',
  'do not call',
  'do not disturb',
  'no more texts',
  'no more messages',
  'leave me alone',
  'dnc',
  'desubscribe',
  'deregister',
  'unregister',
  // French, German, Spanish, Portuguese, Italian, Dutch
  'arret',
  'arreter',
  'arretez',
  'arrete',
  'desabonner',
  'desabonnement',
  'desinscription',
  'desinscrire',
  'abmelden',
  'abbestellen',
  'kundigen',
  'stoppen',
  'aufhoren',
  'baja',
  'alto',
  'parar',
  'pare',
  'detener',
  'cancelar',
  'salir',
  'desuscribir',
  'desuscribirme',
  'darme de baja',
  'dar de baja',
  'sair da lista',
  'quero sair da lista',
  'basta messaggi',
  'stop aux messages',
  'no mas',
  'sair',
  'descadastrar',
  'pare ja',
  'disiscrivi',
  'cancellami',
  'basta',
  'fermare',
  'uitschrijven',
  'afmelden',
  // Swedish, Danish, Norwegian, Polish, Czech, Turkish, Indonesian and Malay, Haitian Creole, Filipino
  'avregistrera',
  'avsluta',
  'afmeld',
  'avmeld',
  'zrezygnuj',
  'wypisz',
  'rezygnuje',
  'odhlasit',
  'iptal',
  'ret',
  'berhenti',
  'batal',
  'sispann',
  'rete',
  'tigil',
  'itigil',
  // Russian, Ukrainian, Arabic, Hindi, Chinese, Japanese, Korean
  'стоп',
  'отписаться',
  'отпишите',
  'отписка',
  'отмена',
  'стоп смс',
  'відписатися',
  'توقف',
  'الغاء',
  'إلغاء',
  'قف',
  'बंद',
  'बंद करो',
  'रोको',
  'td',
  'tt',
  '退订',
  '退訂',
  '停止',
  '取消',
  '取消订阅',
  '取消訂閱',
  '配信停止',
  '解約',
  '수신거부',
  '그만',
  '중지',
]);

/** Of the keywords, those that end a subscription also as one sentence among others, when shouted. */
export const SHOUTED_KEYWORDS: ReadonlySet<string> = new Set([
  'stop',
  'stopall',
  'stop all',
  'unsubscribe',
  'optout',
  'stop now',
  'stop texting',
  'stop sending',
  'stop messaging',
  'stop contacting',
]);

/** Courtesy around a keyword that changes nothing: "pls stop, thanks". */
const COURTESY =
  /\b(?:please|kindly|just|thanks|thank you|sir|madam|maam|ok|okay|hi|hello|hey|guys|now|immediately|asap|very much|i said|omg|por favor|gracias|merci|s'il vous plait|svp|bitte|danke|obrigado|per favore|grazie|request|favor)\b/g;

/** The keyword that a message consists of, or null. */
export function loneKeyword(text: string): string | null {
  for (const candidate of [text, bare(text)]) {
    const once = candidate.replace(/^(\S+)(?: \1)+$/, '$1');
    if (KEYWORDS.has(candidate)) return candidate;
    if (KEYWORDS.has(once)) return once;
  }
  return null;
}

/** The words without courtesy and punctuation. */
function bare(text: string): string {
  return text
    .replace(COURTESY, ' ')
    .replace(/[^\p{L}\p{M}\p{N}' ]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
