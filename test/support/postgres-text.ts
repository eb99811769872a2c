/** The text that PostgreSQL can hold of any: without NUL, and without halves of a surrogate pair. */
export function asPostgresText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '');
}
