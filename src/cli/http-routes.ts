import type { Pipeline } from '../consumers/define-pipeline.ts';
import { HttpAccess } from '../metrics/http-access.ts';
import type { HttpRoute } from '../metrics/http-server.ts';
import { observationRoutes } from '../metrics/observation-routes.ts';
import { EventStream } from '../metrics/page/event-stream.ts';
import { loginRoutes } from '../metrics/page/login-routes.ts';
import { pageRoutes, runbookRoutes } from '../metrics/page/page-files.ts';
import type { Engine } from './engine.ts';
import { LetterGroups } from './page/letter-groups.ts';
import { readVersion } from './version.ts';

/** What a process with this engine serves by HTTP; `pipelines` are those that it tells of. */
export function httpRoutes(engine: Engine, pipelines: readonly Pipeline[]): HttpRoute[] {
  const { metrics, status, ages, changes, config } = engine;
  const letters = new LetterGroups(engine, pipelines);
  const events = new EventStream({
    version: readVersion(),
    report: () => status.toJSON(),
    ages,
    changes,
    letters: (report) => letters.read(report),
  });
  return [
    ...pageRoutes(),
    ...runbookRoutes(),
    events.route,
    ...observationRoutes(metrics, status),
    ...loginRoutes(new HttpAccess(config.http.token)),
  ];
}
