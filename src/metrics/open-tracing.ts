import type { Context, Span, TextMapSetter } from '@opentelemetry/api';
import { errorMessage } from '../runtime/postgres.ts';
import { type AppliedPlace, TRACE_HEADER, type TracedStep, type Tracing } from '../runtime/tracing.ts';

/** A batch of thousands of records comes of a few transactions: more than these are not linked. */
const MOST_LINKS = 32;
/** A receiver that is away must not hold up the end of the process. */
const SEND_TIMEOUT_MS = 3_000;

export interface TracingOptions {
  /** Of an OTLP receiver over HTTP, with its path: http://127.0.0.1:4318/v1/traces */
  readonly endpoint: string;
  /** Of the Kafka transactions; what came of a sampled one is sampled as well. */
  readonly sampleRatio: number;
  readonly version: string;
}

/** Spans by OpenTelemetry. Its packages are loaded here and nowhere else: who does not trace does not pay. */
export async function openTracing({ endpoint, sampleRatio, version }: TracingOptions): Promise<Tracing> {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = await import('@opentelemetry/api');
  const { W3CTraceContextPropagator } = await import('@opentelemetry/core');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const sdk = await import('@opentelemetry/sdk-trace-base');
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'freshet', 'service.version': version }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor(new OTLPTraceExporter({ url: endpoint, timeoutMillis: SEND_TIMEOUT_MS })),
    ],
  });
  const tracer = provider.getTracer('freshet', version);
  const propagator = new W3CTraceContextPropagator();

  const step = (span: Span): TracedStep => ({
    end: (error) => {
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) });
      span.end();
    },
  });
  const contextOf = (header: string): Context => propagator.extract(ROOT_CONTEXT, header, HEADER_GETTER);

  return {
    publishing(transactionalId, records) {
      const attributes = {
        ...SEND,
        'messaging.batch.message_count': records,
        'freshet.transactional_id': transactionalId,
      };
      const span = tracer.startSpan('freshet publish', { kind: SpanKind.PRODUCER, attributes }, ROOT_CONTEXT);
      const carrier: Record<string, string> = {};
      propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, HEADER_SETTER);
      return { ...step(span), header: carrier[TRACE_HEADER] ?? '' };
    },
    applying(place, records, published) {
      const parents = [...new Set(published)].slice(0, MOST_LINKS).map(contextOf);
      const [only, ...others] = parents;
      // One transaction is the parent; of several none is more so than the others.
      const parent = only !== undefined && others.length === 0 ? only : ROOT_CONTEXT;
      const linked = parent === ROOT_CONTEXT ? parents : [];
      const links = linked.flatMap((each) => {
        const context = trace.getSpanContext(each);
        return context === undefined ? [] : [{ context }];
      });
      const attributes = applyAttributes(place, records);
      return step(tracer.startSpan('freshet apply', { kind: SpanKind.CONSUMER, attributes, links }, parent));
    },
    flush: () => provider.forceFlush().catch(() => {}),
  };
}

const SEND = { 'messaging.system': 'kafka', 'messaging.operation.type': 'send' } as const;

function applyAttributes(
  { group, topic, partition }: AppliedPlace,
  records: number,
): Record<string, string | number> {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': group,
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
    'messaging.batch.message_count': records,
  };
}

const HEADER_SETTER: TextMapSetter<Record<string, string>> = {
  set: (carrier, key, value) => {
    carrier[key] = value;
  },
};

const HEADER_GETTER = {
  keys: (): string[] => [TRACE_HEADER],
  get: (header: string, key: string): string | undefined => (key === TRACE_HEADER ? header : undefined),
};
