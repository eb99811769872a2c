const MARKS = /\p{M}+/gu;
const SEPARATORS = /[^\p{L}\p{N}]+/u;
const ASCII_ONLY = /^[\0-\x7f]*$/;
/** A lower-case letter before an upper-case one, or a letter that ends an acronym: `changePassword`, `PDFViewer`. */
const CAMEL = /([a-z\d])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g;
/** Humps of words are longer than those of a random id such as `vYrWTDxoeGg`. */
const SHORTEST_HUMP = 3.2;

/** What a segment, a host label or a title says: its words, and all of them joined. */
export interface Words {
  readonly list: readonly string[];
  readonly joined: string;
}

const NONE: Words = { list: [], joined: '' };

/** Lower case, and Latin letters without their diacritics; other scripts keep their letters. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  if (ASCII_ONLY.test(lower)) return lower;
  const folded = lower.normalize('NFKD').replace(MARKS, '').normalize('NFC');
  return folded.replaceAll('ß', 'ss').replaceAll('ø', 'o').replaceAll('ł', 'l').replaceAll('ı', 'i').replaceAll('æ', 'ae');
}

/** Splits at everything that is neither letter nor digit, and at camelCase humps. */
export function wordsOf(text: string): Words {
  if (text === '') return NONE;
  const list = splitWords(fold(hasHumps(text) ? splitHumps(text) : text));
  return { list, joined: list.length === 1 ? (list[0] ?? '') : list.join('') };
}

function splitHumps(text: string): string {
  const humps = text.replace(CAMEL, '$1$2-');
  return text.length / (humps.length - text.length + 1) < SHORTEST_HUMP ? text : humps;
}

function hasHumps(text: string): boolean {
  for (let i = 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 65 && code <= 90) {
      const before = text.charCodeAt(i - 1);
      if ((before >= 97 && before <= 122) || (before >= 48 && before <= 57)) return true;
      const after = text.charCodeAt(i + 1);
      if (before >= 65 && before <= 90 && after >= 97 && after <= 122) return true;
    }
  }
  return false;
}

function splitWords(text: string): string[] {
  const list: string[] = [];
  let start = -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return text.split(SEPARATORS).filter((word) => word !== '');
    const inWord = (code >= 97 && code <= 122) || (code >= 48 && code <= 57);
    if (inWord && start < 0) start = i;
    else if (!inWord && start >= 0) {
      list.push(text.slice(start, i));
      start = -1;
    }
  }
  if (start >= 0) list.push(text.slice(start));
  return list;
}
