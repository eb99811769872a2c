import { addHostSignals } from './rules/host.ts';
import { addPathSignals } from './rules/path.ts';
import { addPlatformSignals } from './rules/platform.ts';
import { addQuerySignals } from './rules/query.ts';
import { addShapeSignals } from './rules/shape.ts';
import { addWordingSignals } from './rules/wording.ts';
import { addTitleSignals } from './rules/title.ts';
import type { SignalSet } from './signals.ts';
import type { UrlParts } from './url-parts.ts';

/** Fills `signals` with everything that a URL and its title say. The one list of all rules. */
export function gatherEvidence(parts: UrlParts, title: string, signals: SignalSet): void {
  signals.clear();
  const hostContext = addHostSignals(parts.host, parts.segments.length === 0, signals);
  const context = addPathSignals(parts.segments, hostContext, signals);
  addShapeSignals(parts, context, signals);
  addWordingSignals(parts, context, signals);
  addQuerySignals(parts, signals);
  addPlatformSignals(parts, signals);
  addTitleSignals(title, signals);
}
