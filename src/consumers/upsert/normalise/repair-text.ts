/** A text that was made readable again, and whether something in it is lost for good. */
export interface RepairedText {
  readonly text: string;
  /** True where a replacement character (U+FFFD) remains: bytes that nobody can bring back. */
  readonly lost: boolean;
}

/** What Windows-1252 shows for the bytes 0x80 … 0x9F; five of them are unassigned. */
const CP1252_HIGH = '€\u0000‚ƒ„…†‡ˆ‰Š‹Œ\u0000Ž\u0000\u0000‘’“”•–—˜™š›œ\u0000žŸ';
const CP1252_BYTES = new Map(Array.from(CP1252_HIGH).map((letter, i) => [letter, 0x80 + i] as const));

const NAMED_ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  reg: '®',
  trade: '™',
  copy: '©',
  szlig: 'ß',
  aelig: 'æ',
  oslash: 'ø',
};
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi;
/** "&euml;": a letter and the name of its mark. */
const ACCENTED = /&([a-z])(acute|grave|circ|tilde|uml|ring|cedil|caron);/gi;
const MARKS: Readonly<Record<string, string>> = {
  grave: '\u0300',
  acute: '\u0301',
  circ: '\u0302',
  tilde: '\u0303',
  uml: '\u0308',
  ring: '\u030a',
  caron: '\u030c',
  cedil: '\u0327',
};

/**
 * UTF-8 that was read as Windows-1252 shows up as "Â®", "Ã©", "â„¢". Only the lead characters that
 * no language puts before those signs are looked for: "CAFÉ™" is itself a legal UTF-8 pair and must stay.
 */
const MOJIBAKE =
  /[ÂÃ][\u0080-\u00bf\u0152-\u02dc\u2013-\u2122]|â[€„\u0080\u0084][\u0080-\u00bf\u0152-\u02dc\u2013-\u2122]|ï¿½/g;
/** Whole words of another script are found by their length: two or more letters in a row, all of them well-formed. */
const MOJIBAKE_WORD =
  /[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{4,}/g;
const LETTERS = /^[\p{L}\p{M}]{2,}$/u;
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });
const C1 = /[\u0080-\u009f]/g;
const CONTROL =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const LONE_SURROGATE = /\p{Cs}/gu;

/** Printable ASCII, single spaces inside, nothing that could be an entity: there is nothing to repair. */
const SOUND = /^(?! )(?:[!-%'-~]|&(?![#a-z])| (?![ ]|$))*$/i;

/** Of printable ASCII, and as `repairText` would give it. Texts that are not sound may need no repair either. */
export function isSound(text: string): boolean {
  return SOUND.test(text);
}

/**
 * Undoes what systems do to names on the way: HTML entities, UTF-8 read as Windows-1252, Windows-1252
 * bytes read as Latin-1 ("Insignia\x99"), control and zero-width characters, odd spaces. Repeated until
 * nothing changes, so that repairing twice is repairing once.
 */
export function repairText(raw: string): RepairedText {
  if (isSound(raw)) return { text: raw, lost: false };
  let text = raw;
  for (let round = 0; round < 8; round++) {
    const next = repairOnce(text);
    if (next === text) break;
    text = next;
  }
  return { text, lost: text.includes('\ufffd') };
}

function repairOnce(raw: string): string {
  return raw
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(ACCENTED, decodeAccented)
    .replace(ENTITY, decodeEntity)
    .replace(MOJIBAKE_WORD, decodeMojibakeWord)
    .replace(MOJIBAKE, decodeMojibake)
    .replace(C1, (byte) => cp1252Of(byte))
    .replace(CONTROL, '')
    .replace(/\s+/gu, ' ')
    .trim();
}

function decodeAccented(entity: string, letter: string, mark: string): string {
  const composed = `${letter}${MARKS[mark.toLowerCase()] ?? ''}`.normalize('NFC');
  return Array.from(composed).length === 1 ? composed : entity;
}

function decodeEntity(entity: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return NAMED_ENTITIES[name.toLowerCase()] ?? entity;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10);
  if (!Number.isInteger(code) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  return String.fromCodePoint(code);
}

function decodeMojibake(letters: string): string {
  const decoded = bytesOf(letters).toString('utf8');
  return decoded.includes('\ufffd') && letters !== 'ï¿½' ? letters : decoded;
}

function decodeMojibakeWord(letters: string): string {
  try {
    const decoded = STRICT_UTF8.decode(bytesOf(letters));
    return LETTERS.test(decoded) ? decoded : letters;
  } catch {
    return letters;
  }
}

function bytesOf(letters: string): Buffer {
  return Buffer.from(
    Array.from(letters).map((letter) => CP1252_BYTES.get(letter) ?? letter.charCodeAt(0) & 0xff),
  );
}

function cp1252Of(byte: string): string {
  const letter = CP1252_HIGH[byte.charCodeAt(0) - 0x80] ?? '\u0000';
  return letter === '\u0000' ? '' : letter;
}
