import type { HttpRoute } from '../metrics/http-server.ts';
import { observationRoutes } from '../metrics/observation-routes.ts';
import type { Engine } from './engine.ts';

/** What a process with this engine serves by HTTP. */
export function httpRoutes({ metrics, status }: Engine): HttpRoute[] {
  return observationRoutes(metrics, status);
}
