/** ISO 639-1 codes of languages that sites are written in, and the codes that sites use for countries. */
const LANGUAGES = new Set(
  (
    'aa af am ar as az ba be bg bn bs ca co cs cy da de dv el en eo es et eu fa fi fil fo fr fy ga gd gl gu ha he hi hr ht hu hy ' +
    'ia id ie is it iw ja jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my nb ne nl nn no oc pa pl ps pt qu rm ' +
    'ro ru rw sa sd si sk sl sm sn so sq sr st su sv sw ta te tg th tk tl tr tt ug uk ur uz vi wo xh yi yo zh zu'
  ).split(' '),
);
const COUNTRIES = new Set(
  (
    'ad ae ag al am ao ar at au aw az ba bb bd be bg bh bo br bs bw by bz ca ch ci cl cm cn co cr cu cy cz de dk do dz ec ee eg es et ' +
    'fi fj fr gb ge gh gr gt gy hk hn hr ht hu id ie il in iq ir is it jm jo jp ke kg kh kr kw kz lb lk lt lu lv ly ma md mg mk mm mn mo ' +
    'mt mu mv mx my mz na ng ni nl no np nz om pa pe ph pk pl pr pt py qa ro rs ru sa se sg si sk sn sr sv sy th tn tr tt tw tz ua ug ' +
    'uk us uy uz ve vn ye za zm zw eu'
  ).split(' '),
);
const WIDE = new Set(
  (
    'global intl international-en worldwide ww row emea apac latam en-eu eng deu ger fra fre spa ita por rus jpn chi kor ara english ' +
    'deutsch francais espanol italiano portugues nederlands zh-hans zh-hant es-419'
  ).split(' '),
);
/** Codes that are words of their own as soon as something follows them: `/my/account`, `/in/jane`, `/co/acme`. */
const WORDS_TOO = new Set('my me in co to so no is it as id ad am'.split(' '));
const PAIR = /^([a-z]{2})[-_]([a-z]{2}|[a-z]{4}|eu|int|419)$/;

/**
 * Whether a lower-case path segment names a language or a country and nothing else. `alone` says that
 * no segment follows: `/my` is Malaysia's home page, `/my/orders` belongs to a customer.
 */
export function isLocale(segment: string, alone: boolean): boolean {
  if (segment.length === 2) {
    if (!LANGUAGES.has(segment) && !COUNTRIES.has(segment)) return false;
    return alone || !WORDS_TOO.has(segment);
  }
  if (segment.length < 3 || segment.length > 16) return false;
  if (WIDE.has(segment)) return true;
  const pair = segment.length <= 7 ? PAIR.exec(segment) : null;
  return pair?.[1] !== undefined && (LANGUAGES.has(pair[1]) || COUNTRIES.has(pair[1]));
}

/** A bare language code that also stands at a path's end: `/privacy/en`. */
export function isLanguageCode(segment: string): boolean {
  return segment.length === 2 ? LANGUAGES.has(segment) && !WORDS_TOO.has(segment) : PAIR.test(segment);
}
