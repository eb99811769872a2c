import { FreshetError } from '../runtime/errors.ts';

const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

/**
 * Throws USAGE where an operator's SQL condition could end the statement that it is put into: a parenthesis
 * that closes too much, a semicolon, a comment, a quote that stays open. What it says is PostgreSQL's to judge.
 */
export function assertCondition(where: string): void {
  let depth = 0;
  for (let at = 0; at < where.length;) {
    const quoted = quotedEnd(where, at);
    if (quoted !== null) {
      at = quoted;
      continue;
    }
    const char = where.charAt(at);
    if (char === ';') throw refused(where, '";" is not allowed');
    if (where.startsWith('--', at) || where.startsWith('/*', at))
      throw refused(where, 'comments are not allowed');
    if (char === '(') depth += 1;
    if (char === ')' && --depth < 0) throw refused(where, 'there is a ")" too many');
    at += 1;
  }
  if (depth > 0) throw refused(where, 'a ")" is missing');
  if (where.trim() === '') throw refused(where, 'it is empty');
}

/** Behind the quoted text that begins at `at`; null where none does. Throws where it does not end. */
function quotedEnd(where: string, at: number): number | null {
  const char = where.charAt(at);
  if (char === '"') return closing(where, at, '"', false);
  if (char === "'") return closing(where, at, "'", /(?:^|[^\w$])e$/i.test(where.slice(0, at)));
  if (char !== '$' || /[\w$]/.test(where.charAt(at - 1))) return null;
  DOLLAR_QUOTE.lastIndex = at;
  const tag = DOLLAR_QUOTE.exec(where)?.[0];
  if (tag === undefined) return null;
  const end = where.indexOf(tag, at + tag.length);
  if (end < 0) throw refused(where, `the text after ${tag} does not end`);
  return end + tag.length;
}

/** A doubled quote stands for itself; a backslash escapes in E'…' only. */
function closing(where: string, at: number, quote: string, escapes: boolean): number {
  for (let i = at + 1; i < where.length; i++) {
    const char = where.charAt(i);
    if (escapes && char === '\\') i += 1;
    else if (char === quote) {
      if (where.charAt(i + 1) !== quote) return i + 1;
      i += 1;
    }
  }
  throw refused(where, `a ${quote} does not end`);
}

function refused(where: string, why: string): FreshetError {
  return new FreshetError('USAGE', `the condition "${where}" cannot be used: ${why}`, {
    cure: "Give an SQL condition as it would stand behind WHERE, for example: status = 'open' AND id > 1000",
  });
}
