import { boundedMemo } from './bounded-memo.ts';
import { withoutLegalForm } from './legal-form.ts';
import { repairText } from './repair-text.ts';

/** A brand as it was written, taken apart. */
export interface BrandForm {
  /** Readable again and without trade-mark signs and legal suffix, otherwise as written. */
  readonly written: string;
  /** Lower-case words without diacritics and punctuation; "and", "&", "n" and the like between words are left out. */
  readonly words: readonly string[];
  /**
   * The words put together: equal for all spellings of one name that differ in case, spacing,
   * punctuation, diacritics, trade-mark sign or legal form. Empty where the value holds no letter or digit.
   */
  readonly key: string;
  /** Bytes of the value are lost (U+FFFD): its key cannot be trusted. */
  readonly lost: boolean;
}

const TRADE_MARK = /[™®©℠]|\((?:tm|r|sm)\)|\s+TM$/giu;
/** What shops put around a name: "Visit the Acme Store", "Brand: Acme". */
const WRAPPINGS = [/^visit\s+the\s+(.+?)\s+store$/iu, /^(?:brand|marke|marque|marca)\s*:\s*(.+)$/iu];
const DIACRITICS = /[\u0300-\u036f]/g;
const SPECIAL_LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  ł: 'l',
  đ: 'd',
  ı: 'i',
  þ: 'th',
};
const SPECIAL = /[ßøæœłđıþ]/g;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const ASCII_WORD = /[a-z0-9]+/g;
const ASCII = /^[\u0001-\u007f]*$/;
const JOINER = /^(?:and|n|und|et)$/;
/** "Black+Decker"; a plus at the end is part of the name. */
const PLUS_BETWEEN = /(?<=[\p{L}\p{N}]\s?)\+(?=\s?[\p{L}\p{N}])/gu;

/** Takes a value of a brand field apart. Never throws. */
export const parseBrand: (raw: string) => BrandForm = boundedMemo(readBrand);

function readBrand(raw: string): BrandForm {
  const repaired = repairText(raw);
  const written = withoutLegalForm(unwrapped(withoutMarks(repaired.text)));
  const words = wordsOf(written);
  return { written, words, key: words.join('').normalize('NFC'), lost: repaired.lost };
}

/** The stable key of a brand's spelling; see `BrandForm.key`. */
export function brandKey(raw: string): string {
  return parseBrand(raw).key;
}

/** The words of any name, folded as those of a brand are. */
export function wordsOf(text: string): string[] {
  const folded = fold(text)
    .replace(/['’‘`´]/g, '')
    .replace(/@/g, ' at ')
    .replace(PLUS_BETWEEN, ' and ')
    .replace(/\+/g, ' plus ');
  const words = folded.match(ASCII.test(folded) ? ASCII_WORD : WORD) ?? [];
  return words.filter((word, i) => i === 0 || i === words.length - 1 || !JOINER.test(word));
}

/** Lower case, compatibility forms and diacritics removed; letters that only differ by script stay apart. */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return stripMarks(
    stripMarks(text)
      .toLowerCase()
      .replace(SPECIAL, (letter) => SPECIAL_LETTERS[letter] ?? letter),
  ).normalize('NFC');
}

function stripMarks(text: string): string {
  return text.normalize('NFKD').replace(DIACRITICS, '');
}

function withoutMarks(text: string): string {
  return text.replace(TRADE_MARK, ' ').replace(/\s+/gu, ' ').trim();
}

function unwrapped(text: string): string {
  return WRAPPINGS.reduce((rest, wrapping) => rest.replace(wrapping, '$1'), text);
}
