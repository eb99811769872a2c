import { capture } from './capture.ts';
import { catalog } from './catalog.ts';
import { dashboardOf, type DashboardSpec } from './dashboard.ts';
import { deadLetters } from './dead-letters.ts';
import { overview } from './overview.ts';
import { pipelines } from './pipelines.ts';
import { scoring } from './scoring.ts';

export const DASHBOARDS: readonly DashboardSpec[] = [
  overview,
  capture,
  pipelines,
  catalog,
  scoring,
  deadLetters,
];

/** File name → content, as Grafana is provisioned with it. */
export function dashboardFiles(): Map<string, string> {
  return new Map(
    DASHBOARDS.map((spec) => [`${spec.uid}.json`, `${JSON.stringify(dashboardOf(spec), null, 2)}\n`]),
  );
}
