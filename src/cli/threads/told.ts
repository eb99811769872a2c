import type { AppliedChange, ConsumerObserver } from '../../consumers/observer.ts';

/** What a thread's pipelines tell at once and in order: the calls of an observer, as data. */
export type Told = TellCall | readonly ['changed', string, readonly AppliedChange[]];

type Telling = Omit<ConsumerObserver, 'changed'>;
type TellCall = { [Name in keyof Telling]: readonly [Name, ...Parameters<Telling[Name]>] }[keyof Telling];

/** Nobody looks oftener. */
const SAMPLE_EVERY_MS = 250;
const MOST_IN_A_SAMPLE = 2;

/** An observer that hands on what it hears. Of changes it takes few: most are seen by nobody. `clock`: milliseconds. */
export function tellingObserver(
  tell: (told: Told) => void,
  clock: () => number = () => performance.now(),
): ConsumerObserver {
  let sampledAt = Number.NEGATIVE_INFINITY;
  return {
    applied: (...told) => tell(['applied', ...told]),
    written: (...told) => tell(['written', ...told]),
    changed: (pipeline, sample) => {
      const now = clock();
      if (now - sampledAt < SAMPLE_EVERY_MS) return;
      sampledAt = now;
      tell(['changed', pipeline, sample(MOST_IN_A_SAMPLE)]);
    },
    skipped: (...told) => tell(['skipped', ...told]),
    deadLetter: (...told) => tell(['deadLetter', ...told]),
    refreshAsked: (...told) => tell(['refreshAsked', ...told]),
    viewAge: (...told) => tell(['viewAge', ...told]),
    unresolved: (...told) => tell(['unresolved', ...told]),
    missing: (...told) => tell(['missing', ...told]),
    retry: (...told) => tell(['retry', ...told]),
    delivered: (...told) => tell(['delivered', ...told]),
    deliveryWaits: (...told) => tell(['deliveryWaits', ...told]),
    deliveryCircuit: (...told) => tell(['deliveryCircuit', ...told]),
    arrived: (...told) => tell(['arrived', ...told]),
    log: (...told) => tell(['log', ...told]),
  };
}

/** Tells the observer what a `tellingObserver` heard. */
export function retell(observer: ConsumerObserver, [name, ...told]: Told): void {
  if (name === 'changed') {
    const [pipeline, changes] = told as [string, readonly AppliedChange[]];
    observer.changed?.(pipeline, (most) => changes.slice(0, most));
    return;
  }
  const listener = observer[name] as (...args: readonly unknown[]) => void;
  listener(...told);
}
