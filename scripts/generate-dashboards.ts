import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardFiles } from './dashboards/dashboards.ts';

/** Where Grafana is provisioned from. */
const FOLDER = join(import.meta.dirname, '..', 'deploy', 'grafana', 'dashboards');

for (const [name, content] of dashboardFiles()) writeFileSync(join(FOLDER, name), content);
