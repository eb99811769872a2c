/** Every page type, in the order of reports and of the classifier's score vector. */
export const PAGE_TYPES = [
  'homepage',
  'product',
  'category',
  'pricing',
  'article',
  'blog_index',
  'archive',
  'press',
  'documentation',
  'support',
  'legal',
  'auth',
  'contact',
  'careers',
  'about',
  'search',
  'landing',
  'comparison',
  'case_study',
  'integration',
  'feature',
  'resource',
  'event',
  'community',
  'profile',
  'download',
  'other',
] as const;

export type PageType = (typeof PAGE_TYPES)[number];

const INDEX = new Map<string, number>(PAGE_TYPES.map((type, i) => [type, i]));

export function isPageType(text: string): text is PageType {
  return INDEX.has(text);
}

/** The type's place in `PAGE_TYPES`. */
export function pageTypeIndex(type: PageType): number {
  return PAGE_TYPES.indexOf(type);
}
