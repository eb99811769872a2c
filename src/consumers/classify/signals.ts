import { PAGE_TYPES } from './page-types.ts';
import type { Topic, Votes } from './topic.ts';
import { TOPICS } from './tokens/index-of-topics.ts';

/** Where a topic's word was found. `damped` roles stand behind an editorial or a reference section. */
const ROLES = [
  'page',
  'page-in-article',
  'page-in-docs',
  'page-in-list',
  'section',
  'section-head',
  'section-in-article',
  'section-in-docs',
  'section-in-list',
  'most',
  'most-in-article',
  'most-in-docs',
  'most-in-list',
  'head',
  'some',
  'slug',
  'tail',
  'inner',
  'host',
  'host-root',
  'domain',
  'title',
  'title-long',
  'query',
  'fragment',
] as const;

export type Role = (typeof ROLES)[number];

const PARTIAL: ReadonlySet<Role> = new Set([
  'section-head',
  'head',
  'most',
  'most-in-article',
  'most-in-docs',
  'most-in-list',
  'some',
  'slug',
  'tail',
  'inner',
  'domain',
]);
const names: string[] = [];
const weights: number[] = [];

/** Adds a signal with its votes and gives its number. Only while modules load. */
export function defineSignal(name: string, votes: Votes): number {
  const id = names.length;
  names.push(name);
  for (const type of PAGE_TYPES) weights.push(votes[type] ?? 0);
  return id;
}

export function signalName(id: number): string {
  return names[id] ?? '';
}

export function signalCount(): number {
  return names.length;
}

/** The hand-given votes, `PAGE_TYPES.length` for each signal. */
export function priorWeights(): Float64Array {
  return Float64Array.from(weights);
}

/** The number of topic 0's signal in each role; topic n's is n places further. */
const ROLE_START = new Map<Role, number>();
for (const role of ROLES) {
  ROLE_START.set(role, signalCount());
  for (const topic of TOPICS) defineSignal(`${role}:${topic.name}`, votesIn(topic, role));
}

export function roleStart(role: Role): number {
  return ROLE_START.get(role) ?? 0;
}

function votesIn(topic: Topic, role: Role): Votes {
  const firm = topic.firm === true;
  const section = topic.section ?? scaled(topic.page, 0.6);
  if (topic.whole === true && PARTIAL.has(role)) return {};
  switch (role) {
    case 'page':
      return topic.page;
    case 'page-in-article':
      return scaled(topic.page, firm ? 0.9 : topic.context === 'editorial' ? 0.6 : 0.35);
    case 'page-in-docs':
      return scaled(topic.page, firm ? 0.9 : topic.context === 'reference' ? 0.8 : 0.35);
    case 'page-in-list':
      return scaled(topic.page, firm ? 0.4 : 0.12);
    case 'section':
      return section;
    case 'section-head':
      return scaled(section, 0.7);
    case 'section-in-article':
      return scaled(section, firm ? 1 : 0.5);
    case 'section-in-docs':
      return scaled(section, firm ? 0.9 : topic.context === 'reference' ? 0.8 : 0.4);
    case 'section-in-list':
      return scaled(section, firm ? 0.4 : 0.15);
    case 'most':
      return scaled(topic.page, 0.75);
    case 'most-in-article':
      return scaled(topic.page, firm ? 0.5 : 0.15);
    case 'most-in-docs':
      return scaled(topic.page, firm ? 0.5 : 0.2);
    case 'most-in-list':
      return scaled(topic.page, firm ? 0.25 : 0.05);
    case 'head':
      return scaled(topic.page, 0.55);
    case 'some':
      return scaled(topic.page, firm ? 0.5 : 0.3);
    case 'slug':
      return scaled(topic.page, firm ? 0.25 : 0.12);
    case 'tail':
      return scaled(topic.page, firm ? 0.8 : 0.3);
    case 'inner':
      return scaled(section, 0.4);
    case 'host':
      return topic.host ?? scaled(section, 0.7);
    case 'host-root':
      return topic.hostRoot ?? {};
    case 'domain':
      return scaled(topic.host ?? {}, 0.3);
    case 'title':
      return topic.title ?? scaled(topic.page, 0.4);
    case 'title-long':
      return scaled(topic.title ?? topic.page, 0.15);
    case 'query':
      return scaled(topic.page, 0.5);
    case 'fragment':
      return scaled(topic.page, 0.4);
  }
}

function scaled(votes: Votes, factor: number): Votes {
  return Object.fromEntries(Object.entries(votes).map(([type, vote]) => [type, vote * factor]));
}

/** The signals that one URL gives, each once. Reused from URL to URL. */
export class SignalSet {
  #ids: Int32Array = new Int32Array(64);
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  add(id: number): void {
    for (let i = 0; i < this.#count; i++) if (this.#ids[i] === id) return;
    if (this.#count === this.#ids.length) {
      const larger = new Int32Array(this.#count * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#count++] = id;
  }

  get size(): number {
    return this.#count;
  }

  /** Valid until the next `clear`. */
  ids(): Int32Array {
    return this.#ids.subarray(0, this.#count);
  }
}
