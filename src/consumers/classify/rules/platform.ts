import { defineSignal, type SignalSet } from '../signals.ts';
import type { HostParts, UrlParts } from '../url-parts.ts';
import type { Votes } from '../topic.ts';

/**
 * Platforms on which many organisations have pages of their own, by registrable domain or host, with
 * the public form of their addresses. A pattern is matched against the path in lower case, its locale
 * gone. The first that fits counts.
 */
interface Platform {
  readonly hosts: string;
  readonly paths: readonly (readonly [path: RegExp, name: string, votes: Votes])[];
}

const RESERVED =
  '(?!(?:about|account|accounts|ads|api|auth|blog|business|careers|contact|cookies|dashboard|developers?|docs|download|events|explore|features|forgot|groups|guidelines|hashtag|help|home|i|intent|jobs|legal|login|logout|marketplace|messages|notifications|p|policies|pricing|privacy|rules|search|security|settings|share|signin|signup|site|sitemap|status|support|team|terms|topics|tos|trending|watch)(?:$|[/?.]))';
const ONE = new RegExp(`^/${RESERVED}[^/]+$`);
const TWO = new RegExp(`^/${RESERVED}[^/]+/[^/]+$`);
const DEEPER = new RegExp(`^/${RESERVED}[^/]+/[^/]+/.`);
const ANY = /^\//;
const BELOW_ROOT =
  /^\/(?!(?:about|api|blog|careers|contact|docs|help|jobs|legal|login|pricing|privacy|security|settings|support|terms|account)(?:$|[/?.]))./;

const PROFILE: Votes = { profile: 7 };
const PRODUCT: Votes = { product: 7 };
const CAREERS: Votes = { careers: 7 };
const OTHER: Votes = { other: 7 };
const EVENT: Votes = { event: 7 };
const PRESS: Votes = { press: 7 };
const COMMUNITY: Votes = { community: 7 };
const RESOURCE: Votes = { resource: 6 };

const PLATFORMS: readonly Platform[] = [
  {
    hosts: 'github.com gitlab.com bitbucket.org codeberg.org gitee.com git.sr.ht gist.github.com',
    paths: [
      [/^\/[^/]+\/[^/]+\/(-\/)?(issues|discussions|pulls|merge_requests)/, 'code-forum', COMMUNITY],
      [/^\/[^/]+\/[^/]+\/(-\/)?(releases|downloads|tags|archive)/, 'code-release', { download: 5 }],
      [/^\/[^/]+\/[^/]+\/(-\/)?wikis?/, 'code-wiki', { documentation: 6 }],
      [/^\/marketplace\/[^/]+/, 'code-marketplace', PRODUCT],
      [DEEPER, 'code-file', OTHER],
      [TWO, 'code-repository', OTHER],
      [ONE, 'code-owner', PROFILE],
    ],
  },
  {
    hosts:
      'twitter.com x.com instagram.com facebook.com tiktok.com threads.net bsky.app pinterest.com twitch.tv soundcloud.com patreon.com dribbble.com behance.net keybase.io about.me linktr.ee ko-fi.com t.me vk.com weibo.com gravatar.com flickr.com',
    paths: [
      [
        /^\/[^/]+\/(status|posts|videos?|photos?|p|reel)\//,
        'social-post',
        { community: 2, article: 1, other: 1 },
      ],
      [/^\/(groups|communities)\/./, 'social-group', COMMUNITY],
      [/^\/(hashtag|search|explore)\b/, 'social-search', { search: 4 }],
      [/^\/events\/./, 'social-event', EVENT],
      [ONE, 'social-profile', PROFILE],
    ],
  },
  {
    hosts: 'linkedin.com xing.com crunchbase.com angel.co wellfound.com f6s.com',
    paths: [
      [
        /^\/(in|company|school|showcase|companies|profile|organization|person|pages|pub|u)\/[^/]+/,
        'network-profile',
        PROFILE,
      ],
      [/^\/(pulse|posts|blog)\//, 'network-article', { article: 6 }],
      [/^\/jobs?\b/, 'network-jobs', CAREERS],
      [/^\/groups?\//, 'network-group', COMMUNITY],
    ],
  },
  {
    hosts: 'youtube.com vimeo.com dailymotion.com',
    paths: [
      [/^\/(channel|c|user|@)\/?[^/]+/, 'video-channel', PROFILE],
      [/^\/results/, 'video-search', { search: 6 }],
      [/^\/(watch|playlist|\d+|video|embed|shorts|live)/, 'video', { resource: 2.5, article: 1, other: 1.5 }],
      [ONE, 'video-owner', { profile: 4 }],
    ],
  },
  { hosts: 'youtu.be', paths: [[BELOW_ROOT, 'video-link', { resource: 3, article: 1, other: 1.5 }]] },
  {
    hosts: 'reddit.com lemmy.world',
    paths: [
      [/^\/(user|u)\//, 'forum-user', PROFILE],
      [/^\/(r|c)\//, 'forum-thread', COMMUNITY],
    ],
  },
  {
    hosts:
      'stackoverflow.com stackexchange.com superuser.com serverfault.com askubuntu.com mathoverflow.net quora.com news.ycombinator.com lobste.rs indiehackers.com',
    paths: [
      [/^\/(users|profile)\//, 'question-user', PROFILE],
      [/^\/(questions|q|a|item|s|post|show|ask|newest)\b/, 'question', COMMUNITY],
      [/^\/user\b/, 'question-user-page', PROFILE],
    ],
  },
  {
    hosts: 'discord.gg discourse.group groups.google.com groups.io gitter.im',
    paths: [[ANY, 'chat-group', COMMUNITY]],
  },
  { hosts: 'discord.com', paths: [[/^\/(invite|servers)\//, 'chat-invite', COMMUNITY]] },
  {
    hosts:
      'meetup.com eventbrite.com eventbrite.co.uk eventbrite.de lu.ma ti.to tito.io sessionize.com papercall.io pretix.eu hopin.com airmeet.com konfhub.com linkedin.events',
    paths: [[BELOW_ROOT, 'event-page', { event: 5 }]],
  },
  {
    hosts:
      'play.google.com apps.apple.com itunes.apple.com apps.microsoft.com chromewebstore.google.com addons.mozilla.org marketplace.visualstudio.com plugins.jetbrains.com f-droid.org flathub.org snapcraft.io appgallery.huawei.com',
    paths: [
      [/\/(search)\b/, 'app-search', { search: 6 }],
      [/\/(dev(eloper)?|publishers?|author|user)\b/, 'app-publisher', PROFILE],
      [/\/(category|categories|collection|charts)\b/, 'app-category', { category: 6 }],
      [BELOW_ROOT, 'app-listing', { product: 5.5 }],
    ],
  },
  { hosts: 'chrome.google.com', paths: [[/^\/webstore\/detail/, 'app-listing-webstore', PRODUCT]] },
  { hosts: 'microsoft.com', paths: [[/^\/(store\/)?(p|apps|productid)\/./, 'app-listing-store', PRODUCT]] },
  {
    hosts:
      'hub.docker.com npmjs.com pypi.org crates.io rubygems.org packagist.org nuget.org hex.pm pkg.go.dev mvnrepository.com',
    paths: [
      [/^\/(search)\b/, 'package-search', { search: 6 }],
      [/^\/(u|user|profiles?|~)/, 'package-owner', PROFILE],
      [BELOW_ROOT, 'package', { product: 3.5, other: 1.5 }],
    ],
  },
  {
    hosts: 'forms.gle typeform.com tally.so jotform.com surveymonkey.com airtable.com forms.office.com',
    paths: [[BELOW_ROOT, 'form', { other: 5 }]],
  },
  {
    hosts: 'docs.google.com',
    paths: [
      [/^\/forms/, 'form-google', OTHER],
      [BELOW_ROOT, 'shared-document', { resource: 2, other: 5 }],
    ],
  },
  {
    hosts: 'maps.google.com goo.gl maps.app.goo.gl openstreetmap.org waze.com',
    paths: [[ANY, 'map', { other: 5 }]],
  },
  {
    hosts: 'google.* bing.com yandex.* duckduckgo.com yahoo.* baidu.com ecosia.org startpage.com qwant.com',
    paths: [
      [/^\/maps\b/, 'map-google', OTHER],
      [/^\/(search|images\/search|web|s|imghp)\b/, 'web-search', { search: 5 }],
    ],
  },
  {
    hosts:
      'greenhouse.io lever.co workable.com myworkdayjobs.com ashbyhq.com smartrecruiters.com breezy.hr bamboohr.com teamtailor.com recruitee.com personio.de personio.com jobvite.com icims.com join.com welcometothejungle.com welcometothejungle.co remoteok.com weworkremotely.com indeed.com glassdoor.com stepstone.de monster.com',
    paths: [[BELOW_ROOT, 'job-board', { careers: 4.5 }]],
  },
  {
    hosts:
      'boards.greenhouse.io jobs.lever.co apply.workable.com jobs.ashbyhq.com jobs.smartrecruiters.com job-boards.greenhouse.io',
    paths: [[ANY, 'job-board-host', CAREERS]],
  },
  {
    hosts:
      'arxiv.org aclanthology.org dl.acm.org ieeexplore.ieee.org papers.ssrn.com semanticscholar.org openreview.net proceedings.mlr.press link.springer.com sciencedirect.com researchgate.net doi.org pubmed.ncbi.nlm.nih.gov biorxiv.org medrxiv.org papers.nips.cc proceedings.neurips.cc usenix.org zenodo.org kaggle.com',
    paths: [
      [/^\/pdf\//, 'paper-file', { download: 7 }],
      [/^\/(authors?|profile|people|author|scholar)\b/, 'paper-author', PROFILE],
      [/^\/(search|list)\b/, 'paper-search', { search: 4 }],
      [BELOW_ROOT, 'paper', RESOURCE],
    ],
  },
  {
    hosts: 'slideshare.net speakerdeck.com scribd.com issuu.com',
    paths: [
      [TWO, 'slides', RESOURCE],
      [ONE, 'slides-owner', PROFILE],
    ],
  },
  {
    hosts: 'wikipedia.org wiktionary.org wikibooks.org wikivoyage.org wikinews.org britannica.com fandom.com',
    paths: [
      [
        /^\/wiki\/(main_page|hauptseite|portada|accueil|hoofdpagina|huvudsida|forside|etusivu|.*:(accueil_principal|portada|página_principal|pagina_principale|strona_główna))$/,
        'wiki-main-page',
        { homepage: 7 },
      ],
      [/^\/wiki\/(user|benutzer|utilisateur):/, 'wiki-user', PROFILE],
      [/^\/wiki\/./, 'wiki-entry', { article: 5 }],
    ],
  },
  {
    hosts:
      'prnewswire.com businesswire.com globenewswire.com newswire.com accesswire.com einpresswire.com presseportal.de openpr.com openpr.de prweb.com newswire.ca presseagentur.com',
    paths: [[BELOW_ROOT, 'press-wire', PRESS]],
  },
  { hosts: 'statuspage.io status.io', paths: [[ANY, 'status-page', OTHER]] },
  {
    hosts: 'bugcrowd.com hackerone.com openbugbounty.org intigriti.com yeswehack.com federacy.com',
    paths: [[BELOW_ROOT, 'bounty-program', { legal: 4 }]],
  },
  {
    hosts: 'g2.com capterra.com softwareadvice.com getapp.com trustradius.com alternativeto.net slant.co',
    paths: [
      [/alternatives/, 'directory-alternatives', { comparison: 6 }],
      [/\b(compare|vs)\b/, 'directory-comparison', { comparison: 6 }],
      [/^\/(products|software|p)\//, 'directory-listing', PRODUCT],
      [/^\/(categories|category)\//, 'directory-category', { category: 6 }],
    ],
  },
  {
    hosts: 'w3.org rfc-editor.org datatracker.ietf.org ietf.org whatwg.org',
    paths: [[/^\/(tr|doc|rfc|html|info)\b/, 'standard', { documentation: 5.5 }]],
  },
  {
    hosts: 'medium.com dev.to hashnode.com',
    paths: [
      [/^\/@[^/]+$/, 'blog-author', PROFILE],
      [TWO, 'blog-post', { article: 5 }],
      [/^\/[^/]+-[\da-f]{10,12}$/, 'blog-post-hash', { article: 5 }],
    ],
  },
  {
    hosts: 'archive.org archive.ph web.archive.org archive.is',
    paths: [[BELOW_ROOT, 'web-archive', { other: 4 }]],
  },
];

type Matcher = readonly [path: RegExp, signal: number];

const MATCHERS = compile();

function compile(): ReadonlyMap<string, readonly Matcher[]> {
  const matchers = new Map<string, readonly Matcher[]>();
  for (const platform of PLATFORMS) {
    const compiled = platform.paths.map(([path, name, votes]): Matcher => [
      path,
      defineSignal(`platform:${name}`, votes),
    ]);
    for (const host of platform.hosts.split(' ')) matchers.set(host, compiled);
  }
  return matchers;
}

const byHost = new WeakMap<HostParts, readonly Matcher[]>();

function matchersOf(host: HostParts): readonly Matcher[] {
  const known = byHost.get(host);
  if (known !== undefined) return known;
  const bare = host.hostname.startsWith('www.') ? host.hostname.slice(4) : host.hostname;
  const found = MATCHERS.get(bare) ?? MATCHERS.get(host.domain) ?? MATCHERS.get(`${host.name}.*`) ?? [];
  byHost.set(host, found);
  return found;
}

/** What the address form of a well-known platform says. */
export function addPlatformSignals(parts: UrlParts, signals: SignalSet): void {
  const matchers = matchersOf(parts.host);
  if (matchers.length === 0) return;
  const path = `/${parts.segments.map((segment) => segment.text).join('/')}`.toLowerCase();
  for (const [pattern, signal] of matchers) {
    if (pattern.test(path)) {
      signals.add(signal);
      return;
    }
  }
}
