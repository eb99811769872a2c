import { parse as parseHost } from 'tldts';
import { wordsOf } from './brand-key.ts';

/** British words as Americans write them; the ends are looked at in words of six letters and more. */
const WORDS: Readonly<Record<string, string>> = {
  jewellery: 'jewelry',
  jewellers: 'jewelers',
  jeweller: 'jeweler',
  grey: 'gray',
  aluminium: 'aluminum',
  tyre: 'tire',
  tyres: 'tires',
  pyjama: 'pajama',
  pyjamas: 'pajamas',
  mould: 'mold',
  moulds: 'molds',
  moulding: 'molding',
  plough: 'plow',
  cheque: 'check',
  woollen: 'woolen',
  woollens: 'woolens',
  colour: 'color',
  colours: 'colors',
  metre: 'meter',
  litre: 'liter',
  fibre: 'fiber',
  fibres: 'fibers',
};
const ENDS: readonly (readonly [RegExp, string])[] = [
  [/our(s|ed|ing|y|ites?|able|ful)?$/, 'or$1'],
  [/([bt])re(s)?$/, '$1er$2'],
  [/([aeiou])lled$/, '$1led'],
  [/is(e|es|ed|er|ers|ing|ation)$/, 'iz$1'],
];
const MIN_END_LENGTH = 6;

/** The words of a name in American spelling, put together. For comparing only: some of it is no word at all. */
export function americanKey(words: readonly string[]): string {
  return words.map(american).join('');
}

function american(word: string): string {
  const known = WORDS[word];
  if (known !== undefined || word.length < MIN_END_LENGTH) return known ?? word;
  return ENDS.reduce((rest, [end, other]) => rest.replace(end, other), word);
}

const UMLAUTS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

/** "Müller" as it is written where there are no umlauts: "mueller". Null for names without one. */
export function transliteratedKey(written: string): string | null {
  const text = written.normalize('NFC').toLowerCase();
  const plain = text.replace(/[äöüåø]/g, (letter) => UMLAUTS[letter] ?? letter);
  return plain === text ? null : wordsOf(plain).join('');
}

/** "www.acme.co.uk" and "Acme.com" → "acme". Null for what is no web address. */
export function bareHost(written: string): string | null {
  if (!/^(?:https?:\/\/)?[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+\/?$/u.test(written)) return null;
  const { isIcann, domainWithoutSuffix } = parseHost(written);
  return isIcann === true && domainWithoutSuffix !== '' ? domainWithoutSuffix : null;
}

const POSSESSIVE = /(?<=[\p{L}\p{N}]{3})['’‘`´]s(?![\p{L}\p{N}])/giu;

/** "Kellogg's" → "Kellogg". Null for names without a possessive. */
export function withoutPossessive(written: string): string | null {
  const bare = written.replace(POSSESSIVE, '');
  return bare === written ? null : bare;
}
