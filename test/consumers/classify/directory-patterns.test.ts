import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DirectoryMatcher,
  type DirectoryPattern,
} from '../../../src/consumers/classify/directory-patterns.ts';

function matches(pattern: string, path: string): boolean {
  const { matcher, problems } = DirectoryMatcher.compile([{ pattern, type: 'article', ordinal: 0 }]);
  expect(problems).toEqual([]);
  return matcher.match(path.split('/').filter((segment) => segment !== '')) !== undefined;
}

function problemOf(pattern: Partial<DirectoryPattern>): string {
  const { problems } = DirectoryMatcher.compile([{ pattern: '/x', type: 'article', ordinal: 0, ...pattern }]);
  return problems.map(({ message }) => message).join();
}

describe('a directory pattern', () => {
  it.each([
    ['/blog/*', '/blog/post', true],
    ['/blog/*', '/blog/2024/post', true],
    ['/blog/*', '/blog', false],
    ['/blog/*', '/blogs/post', false],
    ['/blog/*', '/en/blog/post', false],
    ['/blog', '/blog', true],
    ['/blog/', '/blog', true],
    ['/blog', '/blog/post', false],
    ['/Blog/*', '/bLOG/post', true],
    ['/*/blog/*', '/en/blog/post', true],
    ['/*/blog/*', '/blog/post', false],
    ['/**/blog/*', '/blog/post', true],
    ['/**/blog/*', '/a/b/blog/post', true],
    ['/**/x/**/y', '/x/x/a/y', true],
    ['/**/x/**/y', '/x/x/a/z', false],
    ['/p-*', '/p-123', true],
    ['/p-*', '/q-123', false],
    ['/*-vs-*', '/a-vs-b', true],
    ['/*.pdf', '/a.b.pdf', true],
    ['/caf%C3%A9/*', '/café/menu', true],
    ['/', '/', true],
    ['/**', '/', true],
    ['/*', '/', false],
  ])('%s against %s: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  it('is tried in the order of ordinals, equal ones as given', () => {
    const { matcher } = DirectoryMatcher.compile([
      { pattern: '/a/*', type: 'article', ordinal: 2 },
      { pattern: '/a/b', type: 'legal', ordinal: 1 },
      { pattern: '/a/b', type: 'auth', ordinal: 1 },
    ]);
    expect(matcher.match(['a', 'b'])).toMatchObject({ type: 'legal' });
    expect(matcher.match(['a', 'c'])).toMatchObject({ type: 'article', pattern: '/a/*' });
    expect(matcher.match(['z'])).toBeUndefined();
  });

  it.each([
    [{ type: 'blogpost' }, 'type "blogpost" is unknown; use one of homepage, product'],
    [{ pattern: 'blog/*' }, 'pattern "blog/*" does not start with "/"'],
    [{ pattern: '' }, 'does not start with "/"'],
    [{ pattern: '/a?b=c' }, 'holds "?" or "#"'],
    [{ pattern: '/%zz/*' }, 'broken percent escape'],
    [{ pattern: '/a**/b' }, '"**" must be a segment of its own'],
    [{ pattern: `/${'a'.repeat(2000)}` }, 'longer than 1024 characters'],
    [{ ordinal: Number.NaN }, 'ordinal NaN is no number'],
  ])('says what is wrong with %j', (pattern, message) => {
    expect(problemOf(pattern)).toContain(message);
  });

  it('does not disable the others when it is bad', () => {
    const { matcher, problems } = DirectoryMatcher.compile([
      { pattern: 'bad', type: 'article', ordinal: 0 },
      { pattern: '/good', type: 'legal', ordinal: 1 },
    ]);
    expect(problems).toHaveLength(1);
    expect(matcher.size).toBe(1);
    expect(matcher.match(['good'])).toMatchObject({ type: 'legal' });
  });

  it('agrees with the regular expression of the same meaning', () => {
    const segment = fc.constantFrom('a', 'b', 'ab', '*', 'a*', '*b', '**');
    const text = fc.constantFrom('a', 'b', 'ab', 'aab');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), fc.array(text, { maxLength: 6 }), (parts, path) => {
        const regex = parts.map((part, i) => {
          if (part === '**') return '(/[^/]+)*';
          return part === '*' && i === parts.length - 1 ? '(/[^/]+)+' : `/${part.replaceAll('*', '[^/]*')}`;
        });
        const expected = new RegExp(`^${regex.join('')}$`).test(path.map((p) => `/${p}`).join(''));
        expect(matches(`/${parts.join('/')}`, path.join('/'))).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});
