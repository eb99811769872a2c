import { detectOptOut, type OptOutDecision } from './detect-opt-out.ts';
import type { LabelledMessage } from './labelled-csv.ts';

interface Misjudged {
  readonly message: LabelledMessage;
  readonly decision: OptOutDecision;
}

/** How the detector did on labelled messages. Ambiguous ones are counted, never judged. */
export interface OptOutEvaluation {
  readonly messages: number;
  readonly ambiguous: number;
  readonly truePositives: number;
  readonly falsePositives: readonly Misjudged[];
  readonly falseNegatives: readonly Misjudged[];
  readonly trueNegatives: number;
  /** True positives of all positives given; null where nothing was taken for an opt-out. */
  readonly precision: number | null;
  /** True positives of all opt-outs in the file; null where it holds none. */
  readonly recall: number | null;
}

export function evaluateOptOut(
  messages: readonly LabelledMessage[],
  detect: (body: string) => OptOutDecision = detectOptOut,
): OptOutEvaluation {
  const judged = messages.filter(({ label }) => label !== 'ambiguous');
  const falsePositives: Misjudged[] = [];
  const falseNegatives: Misjudged[] = [];
  let truePositives = 0;
  for (const message of judged) {
    const decision = detect(message.text);
    const expected = message.label === 'opt_out';
    if (decision.optOut && expected) truePositives += 1;
    else if (decision.optOut) falsePositives.push({ message, decision });
    else if (expected) falseNegatives.push({ message, decision });
  }
  const wrong = falsePositives.length + falseNegatives.length;
  return {
    messages: messages.length,
    ambiguous: messages.length - judged.length,
    truePositives,
    falsePositives,
    falseNegatives,
    trueNegatives: judged.length - truePositives - wrong,
    precision: ratio(truePositives, truePositives + falsePositives.length),
    recall: ratio(truePositives, truePositives + falseNegatives.length),
  };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

export function renderEvaluation(result: OptOutEvaluation): string {
  const lines = [
    `precision ${format(result.precision)}`,
    `recall ${format(result.recall)}`,
    `${result.messages} messages: ${result.truePositives} opt-outs found, ${result.falseNegatives.length} missed, ` +
      `${result.falsePositives.length} false alarms, ${result.trueNegatives} rightly passed, ${result.ambiguous} ambiguous left out`,
  ];
  for (const miss of result.falseNegatives) lines.push(`missed       ${describe(miss)}`);
  for (const alarm of result.falsePositives) lines.push(`false alarm  ${describe(alarm)}`);
  return lines.join('\n');
}

/** A JSON-ready form; `precision` and `recall` at the top. */
export function evaluationToJson(result: OptOutEvaluation): Record<string, unknown> {
  const { falsePositives, falseNegatives, precision, recall, ...counts } = result;
  return {
    precision,
    recall,
    ...counts,
    falsePositives: falsePositives.length,
    falseNegatives: falseNegatives.length,
    misses: [...falseNegatives, ...falsePositives].map(({ message, decision }) => ({ ...message, decision })),
  };
}

function describe({ message, decision }: Misjudged): string {
  const evidence = decision.evidence === '' ? '' : `: "${decision.evidence}"`;
  return `${message.id} [${decision.rule}${evidence}] ${message.text.replace(/\s+/g, ' ').slice(0, 120)}`;
}

function format(value: number | null): string {
  return value === null ? 'undefined (nothing to divide by)' : value.toFixed(4);
}
