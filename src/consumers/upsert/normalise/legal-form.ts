/*
 * Legal forms of companies, as they stand behind or before a name. A form that is also a word or a trade ("spa", "as",
 * "ab") counts only as lawyers write it: with its dots or with its capitals.
 */

/** Whatever their case; a dot may follow. */
const WORDS = [
  'limited liability company|inc|incorporated|corp|corporation|ltd|limited|llc|llp|plc|pvt|private|pte|pty',
  String.raw`\((?:p|pvt\.?)\)|(?:&\s*|and\s+)?co|&\s*cie`,
  String.raw`gmbh|gmbh\s*&\s*co\.?\s*kg|mbh|kgaa|ag|ohg|srl|sarl|eurl|sasu|lt[eé]e|bv|nv|oyj?|aps|ltda|lda|kft|zrt|nyrt`,
  String.raw`sdn|bhd|tbk|ehf|d\.d\.?|a/s|sp\.?\s*z\s*o\.?\s*o|sp\.?\s*k|de\s+c\.?\s*v|s\.?\s*de\s+r\.?\s*l`,
].join('|');

/** Initials with a dot behind each but the last, perhaps spaces too: "S.p.A.", "s. r. o.", "A.Ş.". */
const INITIALS = 'sa sas sarl spa srl sro sl slu as aş ab bv nv kk llc lp doo ek ad ooo'
  .split(' ')
  .map((letters) => Array.from(letters).join(String.raw`\.\s?`))
  .join('|');

const CAPITALS = String.raw`SA|SAS|SpA|AB|AS|AŞ|SE|KG|KK|OÜ|OOO|ООО|ОАО|ЗАО|ПАО|АО|ИП|ТОО|UAB`;

const BEHIND = new RegExp(String.raw`[\s,]+(?:${WORDS}|${INITIALS})[\s.,]*$`, 'iu');
const BEHIND_AS_WRITTEN = new RegExp(String.raw`[\s,]+(?:${CAPITALS})[\s.,]*$`, 'u');
const BEFORE = /^(?:ООО|ОАО|ЗАО|ПАО|АО|ИП|ТОО|UAB)\s+(?=\S)/u;
/** Written without a space between; signs around them are no part of the name's key either. */
const EAST_ASIAN_FORM = '株式会社|有限会社|合同会社|주식회사|[(（](?:株|有|주)[)）]|㍿|㈱|㈲|㈜';
const SIGNS = String.raw`[^\p{L}\p{N}\p{M}]*`;
const EAST_ASIAN = [
  new RegExp(String.raw`^${SIGNS}(?:${EAST_ASIAN_FORM})\s*`, 'u'),
  new RegExp(String.raw`\s*(?:${EAST_ASIAN_FORM}|(?:股份|責任|责任)?有限公司)${SIGNS}$`, 'u'),
];
const FORMS = [BEHIND, BEHIND_AS_WRITTEN, BEFORE, ...EAST_ASIAN];
const QUOTED = /^[«"“„]([^«»"“”„]+)[»"”“]$/u;

/** "Via Flowers Llp" → "Via Flowers"; a name that is nothing but a legal form stays whole. */
export function withoutLegalForm(text: string): string {
  let rest = text;
  for (;;) {
    const next = FORMS.reduce(strip, rest).replace(QUOTED, '$1').trim();
    if (next === rest) return rest;
    rest = next;
  }
}

function strip(text: string, form: RegExp): string {
  const next = text.replace(form, '').trim();
  return /[\p{L}\p{N}]/u.test(next) && !/^the$/i.test(next) ? next : text;
}
