import type { OptOutRule } from './english-rules.ts';

/**
 * The same requests in other languages, one or two plain forms each: stop + sending, don't + send,
 * remove + me, unsubscribe + me. Latin scripts are matched without accents.
 */
function words(language: string, source: string): OptOutRule {
  return {
    name: `request-${language}`,
    pattern: new RegExp(source, 'u'),
    gate: GATES[language] ?? NOT_LATIN,
    confidence: 0.85,
    inQuestions: true,
    partial: false,
  };
}

const NOT_LATIN = /[^\u0000-\u024f]/;
/** Without one of these pieces none of the language's patterns can match. */
const GATES: Readonly<Record<string, RegExp>> = {
  es: /\bno me |\bno nos |\bno (?:m|e|ll|c|q|d)|dej|pare|quit|borr|elimin|saqu|saca|dame|denme|darme/,
  fr: /arrete|stop|\bne |desabonn|desinscri|retirez|supprimez|enlevez/,
  de: /\bho|kein|nicht|wieder|sie mir|mich|sie |meine/,
  pt: /\bpare|\bpara |\bnao |remova|retire|exclua|descadastre|me tire/,
  it: /smett|\bnon |cancell|togl|rimuov|disiscri/,
  nl: /stop|hou|geen|nooit|schrijf|meld|verwijder/,
  'sv-da-no': /slut|stop|\bta |\btag |fjern|inga|ingen|ikke/,
  pl: /przesta|prosze|\bnie |wypisz|usun/,
  tr: /mayin|meyin|istemiyorum|atma|gonderme|yazma|arama|cikar/,
  'id-ms': /jangan|jgn|berhenti|stop|hapus|padam|buang/,
  tl: /wag|tigilan|tanggalin|alisin/,
  ht: /\bpa |sispan|\brete |stop|retire|wete/,
  'hi-latn': /\bmat |\bna |nahi|band/,
};

export const OTHER_LANGUAGE_RULES: readonly OptOutRule[] = [
  words(
    'es',
    '(?<!\\bno )(?:\\bno (?:me |nos )(?:manden?|envien?|envies|mandes|escriban?|escribas|llamen?|llames|contacten?|molesten?) (?:mas|mensajes)\\b|\\bno (?:me |nos )?(?:manden|envien|envies|mandes|escriban|llamen|contacten|molesten)\\b|\\bno (?:quiero|deseo) (?:recibir )?(?:mas|sus|estos|tus) (?:\\w+ )?(?:mensajes|llamadas|correos|sms|textos|publicidad))',
  ),
  words(
    'es',
    '(?<!\\bno (?:me |nos )?)\\b(?:deje|dejen|deja|paren?|dejad) de (?:enviar\\w*|mandar\\w*|escribir\\w*|llamar\\w*|molestar\\w*|contactar\\w*)|\\bno (?:quiero|deseo) recibir\\b|\\b(?:quitenme|borrenme|eliminenme|saquenme|sacame|quitame|borrame|eliminame|denme de baja|dame de baja|quiero darme de baja|deseo darme de baja)\\b|\\b(?:elimin\\w+|borr\\w+|quit\\w+|saqu\\w+) (?:mi|este) numero',
  ),
  words(
    'fr',
    "\\barrete[rz]? de (?:m'|nous |me )(?:envoyer|ecrire|appeler|contacter|harceler|deranger|spammer)|\\b(?:arretez|arreter|stop|stopper|stoppez) (?:vos|ces|les|tous|les envois de|l'envoi de) ?(?:\\w+ )?(?:messages|sms|textos|envois|pubs?|mails|appels)",
  ),
  words(
    'fr',
    "\\bne (?:m'|me |nous )(?:envoye[zr]|ecri\\w+|appele[zr]|contacte[zr]|envoie|appelle|contacte|derange[zr]) (?:plus|pas)|\\bne (?:plus|pas) (?:m'|me )?(?:envoyer|contacter|recevoir|appeler|ecrire)|\\bje ne (?:veux|souhaite|desire) (?:plus|pas) (?:recevoir|de vos|vos|etre contacte)|\\b(?:desabonnez|desinscrivez|retirez|supprimez|enlevez)[ -](?:moi|mon numero)|\\bme (?:desabonner|desinscrire)\\b",
  ),
  words(
    'de',
    '\\b(?:hort?|horen sie|hor) (?:bitte )?(?:damit )?auf\\b.{0,40}(?:schreiben|schicken|senden|anzurufen|nachrichten|sms)|\\bkeine? (?:weiteren? |mehr )?(?:nachrichten|sms|werbung|anrufe|emails|mails)(?: mehr)?\\b(?! (?:bekommen|erhalten))|\\b(?:nicht mehr|nie wieder) (?:kontaktieren|anschreiben|schreiben|anrufen)|\\b(?:schreiben|kontaktieren|schicken|senden) sie mir (?:bitte )?(?:nicht|keine|nichts)',
  ),
  words(
    'de',
    '\\bmich (?:bitte )?(?:abmelden|austragen|loschen|aus (?:dem|der|ihrem|ihrer|eurem|eurer) (?:verteiler|liste))|\\b(?:melden|tragen|nehmen|streichen|loschen) sie (?:mich|meine nummer)\\b|\\b(?:meine (?:nummer|daten)) (?:bitte )?loschen',
  ),
  words(
    'pt',
    '\\b(?:pare|parem|para) de (?:me )?(?:enviar|mandar|ligar|contatar|incomodar|escrever)|\\bnao (?:me )?(?:envie|enviem|mande|mandem|ligue|liguem|contate|contatem|incomode\\w*)\\b|\\bnao (?:quero|desejo) (?:mais )?(?:receber|suas|mensagens|essas)|\\b(?:remova|removam|retire|retirem|exclua|excluam|descadastre\\w*)[ -](?:me|meu numero|o meu)|\\bme (?:remova|tire|exclua|descadastre)\\b',
  ),
  words(
    'it',
    '\\b(?:smett\\w+|smettila) di (?:\\w*scriver\\w*|mandar\\w*|inviar\\w*|chiamar\\w*|contattar\\w*|disturbar\\w*)|\\bnon (?:mi )?(?:scriv\\w+|mand\\w+|invi\\w+|chiam\\w+|contatt\\w+) (?:piu|altri)|\\bnon voglio (?:piu )?(?:ricevere|essere contattat|i vostri)|\\b(?:cancellatemi|cancellami|toglietemi|toglimi|rimuovetemi|rimuovimi|disiscrivetemi|disiscrivimi)\\b',
  ),
  words(
    'nl',
    '\\b(?:stop|hou|houd) (?:op )?(?:met|op met) (?:\\w+ ){0,3}?(?:sturen|appen|sms\\w*|bellen|berichten|mailen)|\\b(?:geen|nooit meer|niet meer) (?:\\w+ )?(?:berichten|sms\\w*|reclame|mails) (?:meer|sturen|ontvangen)|\\b(?:schrijf|meld) (?:me|mij) (?:\\w+ )?(?:uit|af)\\b|\\bverwijder (?:me|mij|mijn nummer)',
  ),
  words(
    'sv-da-no',
    '\\b(?:sluta|slut|stopp|stop|slutt) (?:med |a |att |at )+(?:skicka|sende|ringa|ringe|kontakte?a?|smsa|skrive?a?)|\\b(?:ta|tag|fjern) (?:bort )?(?:mig|meg|mit nummer|mitt nummer)\\b|\\b(?:sluta|slutt?) (?:skicka|sende?|ringa|smsa|skriva)|\\b(?:inga|ingen|ikke) (?:fler|flere) (?:meddelanden|beskeder|meldinger|sms)',
  ),
  words(
    'pl',
    '(?:przestan\\w*|prosze nie|prosze przestac) (?:do mnie )?(?:wysylac|pisac|dzwonic|przysylac)|nie (?:wysylaj\\w*|piszcie|dzwoncie|pisz) (?:do mnie )?(?:wiecej|juz)|(?:wypisz\\w*|usun\\w*) (?:mnie|moj numer)',
  ),
  words(
    'ru',
    '(?:не (?:пишите|пиши|звоните|звони|присылайте|присылай|шлите|отправляйте|беспокойте)(?: (?:мне|сюда|больше|нам|меня|на этот))|(?:хватит|перестаньте|прекратите|перестань) (?:мне |меня )?(?:писать|звонить|слать|присылать|отправлять|беспокоить)|отпишите меня|удалите (?:меня|мой номер)|больше не (?:пишите|пиши|звоните|присылайте|шлите|отправляйте)|не хочу (?:больше )?получать)',
  ),
  words(
    'tr',
    '\\b(?:bana|artik|bir daha|lutfen) (?:\\w+ ){0,3}?(?:mesaj|message|sms|yazma|arama)\\w*(?: (?:atmayin|gondermeyin|istemiyorum|yollamayin|atma|gonderme))?\\b(?<=mayin|meyin|istemiyorum|atma|gonderme|yazma|arama)|\\b(?:listeden|listenizden) (?:beni )?cikar',
  ),
  words(
    'id-ms',
    '\\b(?:jangan|tolong jangan|jgn) (?:lagi )?(?:hantar|kirim|sms|wa|hubungi|call|telefon|telepon|ganggu|chat|mesej)(?: \\w+){0,3}? (?:lagi|saya|aku|sini)\\b|\\b(?:berhenti|stop) (?:hantar|kirim|mengirim|menghantar|hubungi|menghubungi)\\b|\\b(?:hapus|padam|buang) nomb?o?e?r (?:saya|aku|ini)',
  ),
  words(
    'tl',
    '\\b(?:wag|huwag|wag na|huwag na|tigilan) (?:na |nang |nyo |niyo |ninyo |mo |kayo |po |kang )*(?:mag ?text|i ?text|tumawag|magpadala|itext|mag ?message|magsend)|\\b(?:tanggalin|alisin) (?:nyo |niyo |mo |ninyo )?(?:ako|ang number|number)',
  ),
  words(
    'ht',
    "\\b(?:pa|sispann|sispan|rete|stop) (?:janm )?(?:voye|ekri|rele|deranje|voy?e)(?:'m| mwen| m| ban m| banm)?(?: \\w+){0,3} ?(?:messages?|mesaj|anko|sms|tel|mwen|nimewo)|\\bmwen pa (?:vle|bezwen) (?:resevwa )?(?:\\w+ ){0,2}(?:messages?|mesaj|sms)|\\b(?:retire|wete) (?:m|mwen|nimewo)\\b",
  ),
  words(
    'hi-latn',
    '\\b(?:message|msg|sms|call|text|phone|messages)s? (?:mat|na|nahi|band|bandh) (?:karo|kare|karna|bhejo|bheje|bhejna|karein|kijiye|kar)\\b|\\b(?:mat|na) (?:bhejo|bhejna|bhejiye) .{0,20}\\b(?:message|sms)|\\bband karo (?:yeh |ye )?(?:message|sms|call)',
  ),
  words('hi', '(?:संदेश|मैसेज|मेसेज|एसएमएस|कॉल|फोन)\\s?(?:भेजना )?(?:मत|बंद|ना|न) ?(?:भेज|कर)'),
  words(
    'zh',
    '(?:不要|别|勿|請勿|请勿|不想|別|停止|不需要)(?:再)?(?:给我|給我|向我|继续|繼續)?(?:收到|发送|发|發送|發|傳|传|打|联系|聯絡|聯繫|骚扰|騷擾)(?:给我|給我|我|这些|這些|任何)?(?:短信|信息|消息|訊息|簡訊|电话|電話|广告|廣告|了|我|$)|(?:取消订阅|取消訂閱|退订|退訂|把我.{0,6}(?:移除|删除|刪除))',
  ),
  words(
    'ja',
    '(?:送らない|送って(?:こない|来ない)|連絡しない|送信しない|メールしない|電話しない)で|(?:配信|送信|メール|連絡)(?:を|の)?(?:停止|解除|やめ|止め)',
  ),
  words(
    'ko',
    '(?:문자|메시지|연락|전화|광고)(?:를|을|는|은| )*(?:그만|보내지|하지 ?마|보내지 ?마)|수신 ?거부|그만 ?(?:보내|하세요|연락)',
  ),
  words(
    'ar',
    '(?:لا|لاتـ?|توقف عن|توقفوا عن|كفى) ?(?:ترسلوا|ترسل|ارسال|إرسال|تتصل|تتصلوا|مراسلتي|الاتصال|تراسلني)|(?:الغاء|إلغاء) (?:ال)?اشتراك|(?:احذف|امسح)(?:وا)? رقمي',
  ),
];
