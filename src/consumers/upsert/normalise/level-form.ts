import { boundedMemo } from './bounded-memo.ts';
import { wordsOf } from './brand-key.ts';
import { categoryStems, nameKey } from './category-words.ts';
import { isSound, repairText } from './repair-text.ts';

/** The first characters of two keys, as far as the shorter one goes. `empty`: one of them has none. */
type KeyRelation = 'empty' | 'equal' | 'begins' | 'continues' | 'differs';

const TRUNCATED = /\s*(?:\.{2,}|…)$/u;
/** Shorter beginnings than this are shared by chance: "Rings" also begins "Rings of Saturn". */
const MIN_SHARED_LETTERS = 12;
const MIN_SHARED_WORDS = 3;

/** A name as the rules see it; worked out once per product, and only as far as it is asked for. */
export class NameForm {
  readonly text: string;
  /** Of printable ASCII: compared with keys character by character, without a key of its own. */
  readonly #isPlain: boolean;
  #key: string | null = null;
  #words: readonly string[] | null = null;

  constructor(name: string) {
    this.#isPlain = isSound(name);
    this.text = this.#isPlain ? name : repairText(name).text;
  }

  get key(): string {
    return (this.#key ??= nameKey(this.text));
  }

  get words(): readonly string[] {
    return (this.#words ??= wordsOf(this.text));
  }

  /** How the name's key stands to `key`: it `begins` it, or `continues` it. */
  against(key: string): KeyRelation {
    return this.#isPlain ? plainRelation(this.text, key) : relation(this.key, key);
  }
}

function relation(own: string, key: string): KeyRelation {
  if (own === '' || key === '') return 'empty';
  if (own === key) return 'equal';
  if (own.startsWith(key)) return 'continues';
  return key.startsWith(own) ? 'begins' : 'differs';
}

/** The same as `relation(nameKey(text), key)`, for a text of ASCII. */
function plainRelation(text: string, key: string): KeyRelation {
  if (key === '') return 'empty';
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = keyLetter(text.charCodeAt(i));
    if (letter === 0) continue;
    if (at === key.length) return 'continues';
    if (key.charCodeAt(at) !== letter) return 'differs';
    at++;
  }
  if (at === 0) return 'empty';
  return at === key.length ? 'equal' : 'begins';
}

/** The ASCII character in a key; 0 where it is left out. */
function keyLetter(code: number): number {
  if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57)) return code;
  return code >= 65 && code <= 90 ? code + 32 : 0;
}

interface OwnForm {
  readonly key: string;
  readonly words: readonly string[];
  /** It ends in dots: the source has shortened it. */
  readonly cut: boolean;
}

/** A way to cut a level into the key of its beginning, which may be a brand, and a rest that still says something. */
interface Head {
  readonly key: string;
  readonly rest: string;
}

/** A level of a path; `levelForm` gives the same one for the same text. */
export class LevelForm {
  readonly text: string;
  #own: OwnForm | null = null;
  #identity: string | null = null;
  #heads: readonly Head[] | null = null;
  #key: string | null = null;

  constructor(text: string) {
    this.text = text;
  }

  get own(): OwnForm {
    if (this.#own === null) {
      const { key, words } = new NameForm(this.text.replace(TRUNCATED, ''));
      this.#own = { key, words, cut: TRUNCATED.test(this.text) };
    }
    return this.#own;
  }

  /** Equal for levels that are made of the same words. */
  get identity(): string {
    return (this.#identity ??= stemKey(this.text) || this.text);
  }

  get key(): string {
    return (this.#key ??= nameKey(this.text));
  }

  get heads(): readonly Head[] {
    return (this.#heads ??= headsOf(this.text));
  }
}

export const levelForm: (text: string) => LevelForm = boundedMemo((text) => new LevelForm(text));

function headsOf(text: string): readonly Head[] {
  const words = text.split(' ');
  const heads = words.slice(1).map((_, i) => {
    const rest = words
      .slice(i + 1)
      .join(' ')
      .replace(/^[\s/&-]+/, '');
    return { key: nameKey(words.slice(0, i + 1).join(' ')), rest };
  });
  return heads.filter(({ key, rest }) => key !== '' && stemKey(rest) !== '');
}

/** The words that carry meaning, each once, in an order of their own. */
export const stemKey: (text: string) => string = boundedMemo((text) =>
  [...new Set(categoryStems(text))].toSorted().join(' '),
);

/**
 * Whether a level is the product's name: equal, cut off ("… Bangle..."), or with a variant added
 * ("… Mug (Black, Pack of 2)"), or a rewording that shares nearly all words.
 */
export function isOwnName(level: string, name: string): boolean {
  return isNamed(new LevelForm(level), new NameForm(name));
}

export function isNamed(level: LevelForm, name: NameForm): boolean {
  // The usual case: nothing of the level has to be worked out.
  if (level.text === name.text) return name.key !== '';
  const { key, words, cut } = level.own;
  switch (name.against(key)) {
    case 'empty':
      return false;
    case 'equal':
      return true;
    case 'continues':
      if (cut || words.length >= MIN_SHARED_WORDS) return true;
      break;
    case 'begins':
      if (cut || name.words.length >= 2) return true;
      break;
    case 'differs':
      break;
  }
  return sharesBeginning(level.own, name) || sharesWords(words, name);
}

/** A cut level whose beginning is the name's: the rest was shortened or reworded by the source. */
function sharesBeginning({ words, cut }: OwnForm, name: NameForm): boolean {
  if (!cut && words.length < MIN_SHARED_WORDS) return false;
  let same = 0;
  while (same < words.length && words[same] === name.words[same]) same++;
  const letters = words.slice(0, same).join('').length;
  if (cut) return same >= 1 && letters >= 3;
  return same >= MIN_SHARED_WORDS && letters >= MIN_SHARED_LETTERS && same >= words.length - 2;
}

function sharesWords(words: readonly string[], name: NameForm): boolean {
  if (words.length < MIN_SHARED_WORDS + 1) return false;
  return words.filter((word) => name.words.includes(word)).length >= 0.8 * words.length;
}
