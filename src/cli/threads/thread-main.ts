/** A consumer thread: takes part in the groups of the pipelines it is sent, until it is to stop. */
import { enableCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Failure, Order, Report, ThreadData } from './messages.ts';
import type { Told } from './told.ts';

enableCompileCache();
const { loadConfigFile } = await import('../../config.ts');
const { isFreshetError } = await import('../../runtime/errors.ts');
const { Engine } = await import('../engine.ts');
const { configuredPipelines, pipelineNamed } = await import('../pipelines.ts');
const { tellingObserver } = await import('./told.ts');

const { config } = workerData as ThreadData;
const engine = new Engine(config, () => {});
const running = new Map<string, AbortController>();
let pipelines: ReturnType<typeof allPipelines> | null = null;

/** The config's own ones too, each made anew. */
async function allPipelines(): Promise<ReturnType<typeof configuredPipelines>> {
  const own =
    config.file === null ? [] : (await loadConfigFile({ FRESHET_CONFIG: config.file }, '/')).pipelines;
  const code = own.filter((entry) => typeof entry !== 'string');
  return configuredPipelines({ ...config, pipelines: [...config.pipelines, ...code] });
}

async function consume(name: string, signal: AbortSignal): Promise<void> {
  let waiting: Told[] = [];
  const observer = tellingObserver((told) => {
    // A commit tells several things: they go together.
    if (waiting.length === 0) queueMicrotask(send);
    waiting.push(told);
  });
  const send = (): void => {
    const told = waiting;
    waiting = [];
    tell(name, told);
  };
  try {
    pipelines ??= allPipelines();
    await engine.runMember(pipelineNamed(await pipelines, name), observer, { isFurther: true }, signal);
    report({ type: 'ended', pipeline: name, failure: null });
  } catch (error) {
    report({ type: 'ended', pipeline: name, failure: failureOf(error) });
  } finally {
    running.delete(name);
  }
}

/** Rows can hold what no thread can hand on, as they are the pipeline's: then nobody is shown any. */
function tell(pipeline: string, told: readonly Told[]): void {
  try {
    report({ type: 'told', pipeline, told });
  } catch {
    report({ type: 'told', pipeline, told: told.filter(([name]) => name !== 'changed') });
  }
}

function failureOf(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return isFreshetError(error)
    ? { code: error.code, cure: error.cure, message, stack }
    : { code: null, cure: '', message, stack };
}

function report(message: Report): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', ({ type, pipeline }: Order) => {
  if (type === 'stop') {
    running.get(pipeline)?.abort();
    return;
  }
  const stop = new AbortController();
  running.set(pipeline, stop);
  void consume(pipeline, stop.signal);
});
report({ type: 'ready' });
