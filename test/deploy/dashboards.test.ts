import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS, dashboardFiles } from '../../scripts/dashboards/dashboards.ts';
import { METRICS } from '../../src/metrics/metric-definitions.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { alertRules, metricsIn } from './expressions.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, 'deploy', 'grafana', 'dashboards');

const panels = DASHBOARDS.flatMap(({ uid, rows }) =>
  rows.flatMap((row) => row.panels.map((panel) => ({ name: `${uid}: ${panel.title}`, panel }))),
);

/** Every name that `/metrics` can show, those of the process itself included. */
function knownMetrics(): Set<string> {
  const names = new Set(['up']);
  for (const { kind, name } of Object.values(METRICS)) {
    names.add(name);
    if (kind === 'histogram') for (const part of ['bucket', 'sum', 'count']) names.add(`${name}_${part}`);
  }
  for (const { name } of createMetrics().registry.getMetricsAsArray()) names.add(name);
  return names;
}

describe('the dashboards', () => {
  it('are committed as they are generated: npm run generate:dashboards', () => {
    const files = dashboardFiles();
    expect(readdirSync(FOLDER).toSorted()).toEqual([...files.keys()].toSorted());
    for (const [name, content] of files) expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(content);
  });

  it.each(panels)('say what each panel shows, and where its runbook is: $name', ({ panel }) => {
    expect(panel.description.length).toBeGreaterThan(20);
    expect(panel.queries.length).toBeGreaterThan(0);
    const pages = [panel.runbook ?? []].flat().map((name) => join(ROOT, 'docs', 'runbooks', `${name}.md`));
    expect(pages.filter((page) => !existsSync(page))).toEqual([]);
  });

  it('ask for metrics that there are', () => {
    const known = knownMetrics();
    const asked = panels.flatMap(({ panel }) => panel.queries.flatMap(({ expr }) => metricsIn(expr)));
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the alerts', () => {
  it('ask for metrics that there are', () => {
    const known = knownMetrics();
    expect(
      alertRules()
        .flatMap(({ expr }) => metricsIn(expr))
        .filter((name) => !known.has(name)),
    ).toEqual([]);
  });

  it.each(alertRules())(
    'say who is to look and where: $alert',
    ({ alert, duration, severity, runbook, summary }) => {
      expect(duration).toMatch(/^\d+m$/);
      expect(['warning', 'critical']).toContain(severity);
      expect(summary.length).toBeGreaterThan(10);
      const page = readFileSync(join(ROOT, 'docs', 'runbooks', runbook), 'utf8');
      expect(page).toContain(`# ${alert}\n`);
      for (const part of ['## Meaning', '## Look here', '## Do this']) expect(page).toContain(part);
    },
  );

  it('have a runbook each, and no runbook is without an alert', () => {
    const pages = readdirSync(join(ROOT, 'docs', 'runbooks')).toSorted();
    expect(pages).toEqual(
      alertRules()
        .map(({ runbook }) => runbook)
        .toSorted(),
    );
  });
});
