import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricDefinition } from './metric-definitions.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

type Definitions = typeof METRICS;

type MetricOf<D> =
  D extends MetricDefinition<'counter', infer L>
    ? Counter<L>
    : D extends MetricDefinition<'gauge', infer L>
      ? Gauge<L>
      : D extends MetricDefinition<'histogram', infer L>
        ? Histogram<L>
        : never;

/** The metrics of one process, by their names in `METRICS`. */
export type Metrics = { readonly [Name in keyof Definitions]: MetricOf<Definitions[Name]> } & {
  readonly registry: Registry;
};

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = Object.entries(METRICS).map(([name, definition]) => [name, create(definition, registry)]);
  return { ...(Object.fromEntries(metrics) as Omit<Metrics, 'registry'>), registry };
}

function create(
  { kind, name, help, labels }: MetricDefinition<'counter' | 'gauge' | 'histogram', string>,
  registry: Registry,
): Counter | Gauge | Histogram {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === 'counter') return new Counter(options);
  if (kind === 'gauge') return new Gauge(options);
  return new Histogram({ ...options, buckets: SECONDS });
}
