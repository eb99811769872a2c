import type { PageType } from './page-types.ts';

/** Evidence for page types, in log-odds: 1 is a hint, 3 is likely, 6 all but certain. Negative speaks against. */
export type Votes = Readonly<Partial<Record<PageType, number>>>;

/**
 * What an earlier segment makes of the ones behind it: below a blog or a help centre, "pricing" is
 * what the article is about, not what the page is; below a tag it is only the tag's name; below press releases or in a shop every
 * slug is one of them. Topics that
 * are `firm` keep their say.
 */
export type Context = 'editorial' | 'reference' | 'list' | 'press' | 'shop';

/** A thing that words of a URL or a title can name, in any language. */
export interface Topic {
  readonly name: string;
  /**
   * Words and phrases, separated by blanks; within a phrase words are joined without a separator
   * ("privacypolicy" matches `privacy-policy`, `privacy_policy`, `PrivacyPolicy`, `/privacy policy`).
   * Lower case, no diacritics.
   */
  readonly words: string;
  /** The last segment says so. */
  readonly page: Votes;
  /** An earlier segment says so; by default 0.6 of `page`. */
  readonly section?: Votes;
  /** A host label says so, and the path goes on; by default 0.7 of `section`. */
  readonly host?: Votes;
  /** A host label says so, and there is no path: `docs.example.com`. By default nothing. */
  readonly hostRoot?: Votes;
  /** The title says so; by default 0.4 of `page`. */
  readonly title?: Votes;
  readonly context?: Context;
  readonly firm?: true;
  /** Counts only where a segment says nothing else: "plans" is prices, "training plans" is not. */
  readonly whole?: true;
}
