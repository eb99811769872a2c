import { defineSignal, type SignalSet } from '../signals.ts';
import type { UrlParts } from '../url-parts.ts';
import { wordsOf } from '../words.ts';
import { addTopics, eachPhrase, topicsOf } from './topic-match.ts';

/** Names under which sites pass the words that are searched for. */
const SEARCH_NAMES = new Set(
  (
    'q s query search search_query searchterm search_term searchtext searchstring searchword search_text searchkey keyword keywords kw k term terms ' +
    'text ssearch squery suche suchbegriff suchwort recherche buscar busqueda busca termo pesquisa ricerca zoek zoekterm sok szukaj hledat poisk wd word st ' +
    'ntt qt as_q searchfor phrase field-keywords _nkw find_desc ts_query_web'
  ).split(' '),
);
const WEAK_NAMES = new Set('k s st text word find_desc term terms p'.split(' '));
/** Names that pass the page or the action of an application without readable paths. */
const ROUTE_NAMES = new Set(
  'page action do mode view a seite act route option task cmd section r mod go pg site content tab p type'.split(
    ' ',
  ),
);
const PAGE_NAMES = new Set('page p paged pg seite pagina start offset'.split(' '));
const ID_NAMES =
  /^(id|gid|idx|pid|productid|product_id|item|itemid|sku|artikel|article|articleid|artid|helpid|t|tid|topic|thread|v|list|goods_id|cid|category|cat|catid|p|node|nid|post|newsid|news_id|uid)$/;

const SEARCH = defineSignal('query:search', { search: 4.5 });
const SEARCH_WEAK = defineSignal('query:search-maybe', { search: 2.8 });
const SEARCH_NESTED = defineSignal('query:search-nested', { search: 4 });
const PAGED = defineSignal('query:page-number', { archive: 0.8, category: 0.6 });
const ID = defineSignal('query:id', { product: 0.6 });
const PRODUCT_ID = defineSignal('query:product-id', { product: 2.5 });
const ROOT_ROUTE = defineSignal('query:root-route', { homepage: -3 });
const ANY = defineSignal('query:any', {});

/** What the query's names and values say. */
export function addQuerySignals(parts: UrlParts, signals: SignalSet): void {
  if (parts.query.length > 0) signals.add(ANY);
  for (const [name, value] of parts.query) addParameter(name, value, parts.segments.length > 0, signals);
  if (parts.fragment !== '' && parts.fragment.length < 60) {
    const words = wordsOf(parts.fragment);
    if (words.list.length <= 4) {
      const topics = topicsOf(words);
      if (topics.length > 0) addTopics(topics, 'fragment', signals);
    }
  }
}

function addParameter(name: string, value: string, deep: boolean, signals: SignalSet): void {
  const bare = name.endsWith('[]') ? name.slice(0, -2) : name;
  if (bare === 's' && deep && topicsOf(wordsOf(value)).length > 0) {
    addRoute(value, signals);
    return;
  }
  if (SEARCH_NAMES.has(bare)) {
    if (value !== '' && !value.startsWith('/'))
      signals.add(WEAK_NAMES.has(bare) && bare !== 's' ? SEARCH_WEAK : SEARCH);
  } else if (
    /\[(q|query|search|sword|term|suche?)\]$/.test(bare) ||
    /[_.-](q|query|search|keyword|keywords)$/.test(bare)
  ) {
    signals.add(SEARCH_NESTED);
  }
  if (PAGE_NAMES.has(bare) && /^\d+$/.test(value)) signals.add(PAGED);
  else if (/^(gid|pid|productid|product_id|sku|artikel|goods_id|itemid|idx)$/.test(bare))
    signals.add(PRODUCT_ID);
  else if (ID_NAMES.test(bare)) signals.add(ID);
  if (ROUTE_NAMES.has(bare) && value.length < 60) {
    if (!deep) signals.add(ROOT_ROUTE);
    addRoute(value, signals);
  } else addTopics(topicsOf(wordsOf(bare)), 'query', signals);
}

function addRoute(value: string, signals: SignalSet): void {
  const words = wordsOf(value);
  const topics = topicsOf(words);
  if (topics.length > 0) addTopics(topics, 'page', signals);
  else if (words.list.length <= 4) eachPhrase(words, (found) => addTopics(found, 'most', signals));
}
