import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Classified,
  CLASSIFIER_VERSION,
  PageTypeClassifier,
} from '../../../src/consumers/classify/classifier.ts';
import { DirectoryMatcher } from '../../../src/consumers/classify/directory-patterns.ts';
import { PAGE_TYPES, type PageType } from '../../../src/consumers/classify/page-types.ts';
import { EXAMPLES } from './page-examples.ts';

const TITLED: readonly (readonly [url: string, title: string, type: PageType])[] = [
  ['https://example.com/states/ohio/springfield/', 'Homes for Sale in Springfield, OH | Example', 'category'],
  ['https://example.com/acme-or-example', 'Acme vs Example', 'comparison'],
  ['https://example.com/growing-tomatoes', '10 Things I Learned While Growing Tomatoes', 'article'],
];

const classifier = new PageTypeClassifier();

function classified(url: string, title = ''): Classified {
  const result = classifier.classify({ url, title });
  if (result.kind === 'invalid') throw new Error(result.message);
  return result;
}

describe('PageTypeClassifier', () => {
  it.each(Object.entries(EXAMPLES).flatMap(([type, urls]) => urls.map((url) => [url, type])))(
    'calls %s %s',
    (url, type) => {
      expect(classified(url).type).toBe(type);
    },
  );

  it.each(TITLED)('reads the title where the path of %s says little ("%s")', (url, title, type) => {
    expect(classified(url, title).type).toBe(type);
  });

  it('tells the rule that decided', () => {
    expect(classified('https://example.com/privacy-policy').rule).toBe('page:privacy');
    expect(classified('https://example.com/guide.pdf').rule).toBe('file:pdf');
  });

  it('calls what says nothing other, with low confidence', () => {
    const result = classified('https://example.com/q1x/w2y/e3z');
    expect(result).toEqual({ kind: 'classified', type: 'other', confidence: 0.1, rule: 'none' });
  });

  it('takes null and absent titles as unknown', () => {
    const url = 'https://example.com/pricing';
    expect(classifier.classify({ url, title: null })).toEqual(classifier.classify({ url }));
  });

  it.each(['', 'nope', 'mailto:a@example.com', 'https://', '/blog/x', 'http://[::1', 'javascript:alert(1)'])(
    'answers %j with an error that names the field, not with an exception',
    (url) => {
      const result = classifier.classify({ url });
      expect(result).toMatchObject({ kind: 'invalid', code: 'URL_INVALID' });
      expect(result.kind === 'invalid' && result.message).toContain(`url ${JSON.stringify(url)}`);
    },
  );

  it('shortens an invalid URL of any length in its message', () => {
    const result = classifier.classify({ url: 'x'.repeat(100_000) });
    expect(result.kind === 'invalid' && result.message.length).toBeLessThan(400);
  });

  it('lets a directory pattern win over every rule', () => {
    const { matcher } = DirectoryMatcher.compile([{ pattern: '/privacy/*', type: 'article', ordinal: 1 }]);
    expect(classifier.classify({ url: 'https://example.com/privacy/a-story' }, matcher)).toEqual({
      kind: 'classified',
      type: 'article',
      confidence: 1,
      rule: 'pattern:/privacy/*',
    });
    expect(classifier.classify({ url: 'https://example.com/privacy' }, matcher)).toMatchObject({
      type: 'legal',
    });
  });

  it('is of one version as long as its rules are', () => {
    expect(CLASSIFIER_VERSION).toMatch(/^\d+-[\da-f]{12}$/);
  });
});

describe('PageTypeClassifier, whatever it is given', () => {
  const words = fc.constantFrom(
    'blog',
    'privacy',
    'en',
    '2024',
    '07',
    'products',
    'p',
    'tag',
    'a-b-c-d-e',
    '%E3%83%98',
    '%FF',
    '12',
    'x.pdf',
    '',
  );
  const path = fc
    .array(fc.oneof(words, fc.string({ maxLength: 20 })), { maxLength: 8 })
    .map((parts) => `/${parts.join('/')}`);
  const host = fc.constantFrom(
    'example.com',
    'docs.example.com',
    'blog.example.co.uk',
    'xn--mller-kva.example',
    '127.0.0.1',
    '[::1]',
    'github.com',
  );
  const query = fc.option(fc.string({ maxLength: 30 }), { nil: '' });
  const url = fc.tuple(host, path, query).map(([h, p, q]) => `https://${h}${p}${q === '' ? '' : `?${q}`}`);
  const title = fc.oneof(fc.constant(''), fc.string({ maxLength: 400, unit: 'grapheme' }));

  it('never throws, and gives a known type and a confidence between 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          url,
          fc.string({ unit: 'grapheme' }),
          fc.webUrl({ withFragments: true, withQueryParameters: true }),
        ),
        title,
        (u, t) => {
          const result = classifier.classify({ url: u, title: t });
          if (result.kind === 'invalid') return;
          expect(PAGE_TYPES).toContain(result.type);
          expect(result.confidence).toBeGreaterThan(0);
          expect(result.confidence).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('gives the same answer whatever was asked before, and from another instance', () => {
    fc.assert(
      fc.property(url, url, title, (u, between, t) => {
        const first = classifier.classify({ url: u, title: t });
        classifier.classify({ url: between, title: t });
        expect(classifier.classify({ url: u, title: t })).toEqual(first);
        expect(new PageTypeClassifier().classify({ url: u, title: t })).toEqual(first);
      }),
    );
  });

  it('does not mind tracking parameters', () => {
    const tracking = fc.constantFrom(
      'utm_source',
      'utm_medium',
      'utm_campaign',
      'gclid',
      'fbclid',
      'msclkid',
      'mc_eid',
      '_ga',
      'ref',
    );
    fc.assert(
      fc.property(
        url,
        fc.array(fc.tuple(tracking, fc.webSegment()), { maxLength: 4 }),
        title,
        (u, parameters, t) => {
          const tracked = URL.parse(u);
          if (tracked === null) return;
          const plain = classifier.classify({ url: tracked.href, title: t });
          for (const [name, value] of parameters) tracked.searchParams.append(name, value);
          expect(classifier.classify({ url: tracked.href, title: t })).toEqual(plain);
        },
      ),
    );
  });

  it('does not mind a locale in front of the path', () => {
    const locale = fc.constantFrom('en', 'de', 'fr-ca', 'pt-BR', 'zh-hans', 'en_gb');
    const page = fc.constantFrom(
      'privacy-policy',
      'blog',
      'blog/some-post',
      'careers',
      'contact',
      'docs/intro',
      'search?q=x',
    );
    fc.assert(
      fc.property(locale, page, (l, p) => {
        expect(classified(`https://example.com/${l}/${p}`).type).toBe(
          classified(`https://example.com/${p}`).type,
        );
      }),
    );
  });

  it('takes time in proportion to a hostile URL, not its square', () => {
    for (const part of ['/en', '/2020/01', '-1', 'aB', '/p-123456', '%C3%A9-']) {
      expect(classifier.classify({ url: `https://example.com/${part.repeat(100_000)}` }).kind).toBe(
        'classified',
      );
    }
  });
});
