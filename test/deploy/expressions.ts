import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ALERTS_FILE = join(import.meta.dirname, '..', '..', 'deploy', 'prometheus', 'alerts.yml');

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly duration: string;
  readonly severity: string;
  readonly summary: string;
  /** The file's name in docs/runbooks. */
  readonly runbook: string;
}

/** The rules of our own file, which has one form. */
export function alertRules(): AlertRule[] {
  const [, ...rules] = readFileSync(ALERTS_FILE, 'utf8').split(/^ {6}- alert: /m);
  return rules.map((text) => ({
    alert: text.slice(0, text.indexOf('\n')),
    expr: field(text, /expr: >-\n\s+(.*)\n/),
    duration: field(text, /for: (.*)\n/),
    severity: field(text, /severity: (.*)\n/),
    summary: field(text, /summary: (.*)\n/),
    runbook: field(text, /runbook_url: .*}}\/(.*)'/),
  }));
}

function field(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`${pattern} is not in ${text}`);
  return found;
}

/** Names of metrics in an expression: ours, and those of the process. */
export function metricsIn(expr: string): string[] {
  return expr.match(/\b(?:(?:freshet|catalog|process|nodejs)_[a-z0-9_]+|up(?=\{))/g) ?? [];
}
