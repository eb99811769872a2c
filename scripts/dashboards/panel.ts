import {
  DashboardLinkBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as BarGaugePanel } from '@grafana/grafana-foundation-sdk/bargauge';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';

/** Grafana's names of the units that our metrics have. */
type Unit = 's' | 'ms' | 'bytes' | 'Bps' | 'percentunit' | 'short' | 'cps' | 'currencyUSD' | 'bool';

interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** Where a value turns bad; `below`: lower ones are. */
interface Limits {
  readonly warn: number;
  readonly bad: number;
  readonly below?: true;
}

export interface PanelSpec {
  readonly kind: 'series' | 'stat' | 'bars';
  readonly title: string;
  /** What it shows, and what to make of it. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
  readonly limits?: Limits;
  /** The page in docs/runbooks that says what to do. */
  readonly runbook?: string;
}

type AnyPanel = StatPanel | BarGaugePanel | TimeSeriesPanel;

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const STAT_HEIGHT = 5;
const SERIES_HEIGHT = 8;

export function panelOf(spec: PanelSpec): AnyPanel {
  const panel = emptyPanel(spec.kind)
    .title(spec.title)
    .description(spec.description)
    .unit(spec.unit)
    .datasource(DATASOURCE)
    .span(spec.width);
  for (const { expr, legend } of spec.queries) {
    const query = new DataqueryBuilder().datasource(DATASOURCE).expr(expr).legendFormat(legend);
    panel.withTarget(spec.kind === 'series' ? query.range() : query.instant());
  }
  panel.thresholds(thresholdsOf(spec.limits));
  if (spec.runbook !== undefined) {
    const link = new DashboardLinkBuilder('What to do').url(`\${runbooks}/${spec.runbook}.md`);
    panel.links([link.targetBlank(true)]);
  }
  return panel;
}

function emptyPanel(kind: PanelSpec['kind']): AnyPanel {
  switch (kind) {
    case 'stat':
      return new StatPanel().height(STAT_HEIGHT);
    case 'bars':
      return new BarGaugePanel().height(SERIES_HEIGHT).min(0);
    case 'series':
      return new TimeSeriesPanel().height(SERIES_HEIGHT).min(0).fillOpacity(10);
  }
}

function thresholdsOf(limits: Limits | undefined): ThresholdsConfigBuilder {
  const thresholds = new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute);
  if (limits === undefined) return thresholds.steps([{ value: null, color: 'blue' }]);
  const { warn, bad } = limits;
  const [low, high] = limits.below ? (['red', 'green'] as const) : (['green', 'red'] as const);
  const [first, second] = limits.below ? [bad, warn] : [warn, bad];
  return thresholds.steps([
    { value: null, color: low },
    { value: first, color: 'orange' },
    { value: second, color: high },
  ]);
}
