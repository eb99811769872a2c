import {
  ConstantVariableBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableHide,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE, panelOf, type PanelSpec } from './panel.ts';

export interface DashboardSpec {
  /** Also the file's name. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Labels that can be chosen from: label → a metric that has it. */
  readonly variables: Readonly<Record<string, string>>;
  readonly rows: readonly { readonly title: string; readonly panels: readonly PanelSpec[] }[];
}

const TAG = 'freshet';
/** Freshet serves them: so they open on the machine of the demo and of Compose. */
const RUNBOOKS = 'http://127.0.0.1:9464/runbooks';

export function dashboardOf({ uid, title, description, variables, rows }: DashboardSpec): Dashboard {
  const dashboard = new DashboardBuilder(`Freshet: ${title}`)
    .uid(`freshet-${uid}`)
    .description(description)
    .tags([TAG])
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .readonly()
    .link(
      new DashboardLinkBuilder('Freshet')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(new ConstantVariableBuilder('runbooks').label('Runbooks').value(RUNBOOKS));
  for (const [label, metric] of Object.entries(variables)) dashboard.withVariable(choiceOf(label, metric));
  for (const row of rows) {
    dashboard.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) dashboard.withPanel(panelOf(panel));
  }
  return dashboard.build();
}

function choiceOf(label: string, metric: string): QueryVariableBuilder {
  return new QueryVariableBuilder(label)
    .label(`${label.charAt(0).toUpperCase()}${label.slice(1)}`)
    .hide(VariableHide.DontHide)
    .datasource(DATASOURCE)
    .query(`label_values(${metric}, ${label})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.*');
}
