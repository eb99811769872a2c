import { isPageType, PAGE_TYPES, type PageType } from './page-types.ts';

/** An account's own rule, a row of `page_type_patterns`. `type` is checked when it is compiled. */
export interface DirectoryPattern {
  readonly pattern: string;
  readonly type: string;
  /** Lower ordinals are tried first; among equal ones the given order counts. */
  readonly ordinal: number;
}

export interface PatternProblem {
  readonly pattern: DirectoryPattern;
  /** Names field, value and cure. */
  readonly message: string;
}

export interface PatternMatch {
  readonly type: PageType;
  readonly pattern: string;
}

interface Compiled extends PatternMatch {
  readonly ordinal: number;
  readonly segments: readonly string[];
}

const MAX_LENGTH = 1024;
const ANY_DEPTH = '**';

/**
 * An account's directory patterns, ready to be matched against paths.
 *
 * A pattern is a path from the root. `*` stands for any text within one segment; a segment that is
 * only `*` is exactly one segment, and at the end one or more (`/blog/*` is everything below the blog,
 * and not the blog itself); `**` is any number of segments, none included. Compared percent-decoded
 * and without regard to case; a trailing slash, the query and the fragment don't count.
 */
export class DirectoryMatcher {
  readonly #patterns: readonly Compiled[];

  private constructor(patterns: readonly Compiled[]) {
    this.#patterns = patterns;
  }

  /** Compiles what is valid, and tells what is not: one bad pattern never disables the others. */
  static compile(patterns: readonly DirectoryPattern[]): {
    matcher: DirectoryMatcher;
    problems: readonly PatternProblem[];
  } {
    const compiled: Compiled[] = [];
    const problems: PatternProblem[] = [];
    for (const pattern of patterns) {
      const result = compilePattern(pattern);
      if (typeof result === 'string') problems.push({ pattern, message: result });
      else compiled.push(result);
    }
    compiled.sort((a, b) => a.ordinal - b.ordinal);
    return { matcher: new DirectoryMatcher(compiled), problems };
  }

  get size(): number {
    return this.#patterns.length;
  }

  /** The first pattern that fits the path's decoded segments. */
  match(path: readonly string[]): PatternMatch | undefined {
    if (this.#patterns.length === 0) return undefined;
    const segments = path.map((segment) => segment.toLowerCase());
    return this.#patterns.find((pattern) => matchesSegments(pattern.segments, segments));
  }
}

/** Throws nothing: a text is what is wrong with the pattern. */
function compilePattern({ pattern, type, ordinal }: DirectoryPattern): Compiled | string {
  const field = `pattern ${JSON.stringify(pattern)}`;
  if (!isPageType(type))
    return `${field}: type ${JSON.stringify(type)} is unknown; use one of ${PAGE_TYPES.join(', ')}`;
  if (!Number.isFinite(ordinal))
    return `${field}: ordinal ${ordinal} is no number; give its place in the order`;
  if (pattern.length > MAX_LENGTH)
    return `${field.slice(0, 80)}…: longer than ${MAX_LENGTH} characters; shorten it`;
  if (!pattern.startsWith('/'))
    return `${field} does not start with "/"; write a path from the root, like /blog/*`;
  if (/[?#]/.test(pattern)) return `${field} holds "?" or "#"; patterns are matched against the path only`;
  const segments = decodedSegments(pattern);
  if (segments === null) return `${field} holds a broken percent escape; write the characters themselves`;
  const stray = segments.find((segment) => segment.includes('**') && segment !== ANY_DEPTH);
  if (stray !== undefined) return `${field}: "**" must be a segment of its own, not part of "${stray}"`;
  return { pattern, type, ordinal, segments: spreadLastStar(segments) };
}

function decodedSegments(pattern: string): string[] | null {
  try {
    return pattern
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment).toLowerCase());
  } catch {
    return null;
  }
}

/** A last `*` stands for one or more segments. */
function spreadLastStar(segments: string[]): string[] {
  return segments.at(-1) === '*' ? [...segments, ANY_DEPTH] : segments;
}

/** Two pointers that go back to the last `**` only: linear in most paths, never exponential. */
function matchesSegments(pattern: readonly string[], path: readonly string[]): boolean {
  let p = 0;
  let star = -1;
  let mark = 0;
  for (let s = 0; s < path.length;) {
    const part = pattern[p];
    if (part === ANY_DEPTH) {
      star = p++;
      mark = s;
    } else if (part !== undefined && matchesText(part, path[s] ?? '')) {
      p++;
      s++;
    } else if (star >= 0) {
      p = star + 1;
      s = ++mark;
    } else return false;
  }
  while (pattern[p] === ANY_DEPTH) p++;
  return p === pattern.length;
}

/** The same within one segment, where `*` is any text. */
function matchesText(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  let p = 0;
  let star = -1;
  let mark = 0;
  for (let t = 0; t < text.length;) {
    if (pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
