const MARKS = /\p{M}+/gu;
const SEPARATORS = /[^\p{L}\p{N}]+/u;
/** Between a lower-case letter and an upper-case one, and at an acronym's end: `changePassword`, `PDFViewer`. */
const HUMP = /([a-z\d])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g;
/** Humps of words are longer than those of a random id such as `vYrWTDxoeGg`. */
const SHORTEST_HUMP = 3.2;

/** No topic has a name of more words than this. */
const LONGEST_NAME = 5;

/** What a segment, a host label or a title says. */
export interface Words {
  readonly list: readonly string[];
  /** All words without separators; empty where there are too many for a name. */
  readonly joined: string;
}

const NONE: Words = { list: [], joined: '' };

/** Lower case, and Latin letters without their diacritics; other scripts keep their letters. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  if (!hasForeign(lower)) return lower;
  const folded = lower.normalize('NFKD').replace(MARKS, '').normalize('NFC');
  return folded
    .replaceAll('ß', 'ss')
    .replaceAll('ø', 'o')
    .replaceAll('ł', 'l')
    .replaceAll('ı', 'i')
    .replaceAll('æ', 'ae');
}

/** Splits at everything that is neither letter nor digit, and at camelCase humps. */
export function wordsOf(text: string): Words {
  if (text === '') return NONE;
  const folded = hasUpper(text) ? fold(splitHumps(text)) : fold(text);
  const list = splitWords(folded);
  return { list, joined: joinWords(list) };
}

/** See `Words.joined`. */
export function joinWords(list: readonly string[]): string {
  if (list.length === 1) return list[0] ?? '';
  return list.length > LONGEST_NAME ? '' : list.join('');
}

function splitHumps(text: string): string {
  const humps = text.replace(HUMP, '$1$2-');
  return text.length / (humps.length - text.length + 1) < SHORTEST_HUMP ? text : humps;
}

function hasUpper(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 65 && code <= 90) return true;
  }
  return false;
}

function hasForeign(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return true;
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
  if (start === 0) return [text];
  if (start > 0) list.push(text.slice(start));
  return list;
}
