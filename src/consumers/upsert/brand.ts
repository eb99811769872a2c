/** Trade-mark signs, and the bytes that a wrong character set made of them. */
const SIGNS = /[™®©\u0080-\u009f\ufffd]/g;
const SPACES = /\s+/g;
/** Whatever the two would change: most texts are clean, and one look is cheaper than three copies. */
const UNCLEAN = /[™®©\u0080-\u009f\ufffd\t\n\v\f\r\u00a0]|^\s|\s$|\s\s/;

/** Stand in the brand field of shop data, and name none. */
const NO_BRANDS = new Set(
  [
    'n/a,na,none,null,unknown,other,others,generic,unbranded,no brand,regular,regular fit,slim,slim fit,skinny fit',
    'black,white,red,pink,light pink,purple,blue,grey,green,yellow,orange,navy,peach,gold,multi,multicolor',
  ].flatMap((names) => names.split(',')),
);

/** The brand's name without signs and needless space; null where the value is plainly no brand. */
export function normaliseBrand(manufacturer: string | null): string | null {
  const name = cleanText(manufacturer);
  return name === null || NO_BRANDS.has(name.toLowerCase()) ? null : name;
}

/** Without signs, trimmed, one space between words; null where nothing is left. */
export function cleanText(text: string | null): string | null {
  if (text === null || text === '') return null;
  if (!UNCLEAN.test(text)) return text;
  const clean = text.replace(SIGNS, '').replace(SPACES, ' ').trim();
  return clean === '' ? null : clean;
}
