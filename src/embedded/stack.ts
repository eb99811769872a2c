import { setTimeout as sleep } from 'node:timers/promises';
import { FreshetError } from '../runtime/errors.ts';
import { type Artefact, fetchArtefact, KAFKA, REGISTRY } from './artefacts.ts';
import type { DataFolder } from './data-folder.ts';
import { requireJava } from './java.ts';
import { prepareKafka } from './kafka.ts';
import { preparePostgres, postgresUrl } from './postgres.ts';
import { prepareRegistry, registryUrl } from './registry.ts';
import type { ServiceUrls } from './run-record.ts';
import type { ServiceName, ServicePlan } from './service-plan.ts';
import { ServiceProcess } from './service-process.ts';

/** Before a service is started again that came too early. */
const TOO_EARLY_PAUSE_MS = 200;

export type ProgressState = 'fetching' | 'starting' | 'ready';
export type OnProgress = (service: ServiceName, state: ProgressState, detail?: string) => void;

/** What of the three is ours to start, and where the rest is. Plain data: it travels to the supervisor. */
export interface StackOptions {
  readonly cacheDir: string;
  readonly postgres: {
    readonly binDir?: string;
    readonly url?: { readonly source: string; readonly target: string };
  };
  readonly kafka: { readonly brokers?: readonly string[] };
  readonly registry: { readonly url?: string };
}

export interface StackEvents {
  readonly onProgress: OnProgress;
  /** After every start and end of a process. */
  readonly onProcesses: () => Promise<void>;
}

/** The services of one data folder. Whoever makes one holds the folder's lock. */
export class Stack {
  readonly urls: ServiceUrls;
  readonly #folder: DataFolder;
  readonly #options: StackOptions;
  readonly #events: StackEvents;
  readonly #processes = new Map<ServiceName, ServiceProcess>();
  readonly #plans = new Map<ServiceName, ServicePlan>();

  constructor(folder: DataFolder, options: StackOptions, events: StackEvents) {
    this.#folder = folder;
    this.#options = options;
    this.#events = events;
    this.urls = {
      sourceUrl: options.postgres.url?.source ?? postgresUrl(folder, 'source'),
      targetUrl: options.postgres.url?.target ?? postgresUrl(folder, 'target'),
      kafkaBrokers: options.kafka.brokers ?? [`127.0.0.1:${folder.ports.kafka}`],
      registryUrl: options.registry.url ?? registryUrl(folder),
    };
  }

  get pids(): Partial<Record<ServiceName, number>> {
    const running = [...this.#processes].filter(([, { running }]) => running);
    return Object.fromEntries(running.map(([service, { pid }]) => [service, pid]));
  }

  /** Resolves when every service is ready. On a failure the caller stops the stack. */
  async start(signal: AbortSignal): Promise<void> {
    const abort = new AbortController();
    const both = AbortSignal.any([signal, abort.signal]);
    const starts = [this.#startPostgres(both), this.#startKafkaAndRegistry(both)];
    try {
      await Promise.all(starts);
    } catch (error) {
      abort.abort(error);
      await Promise.allSettled(starts);
      throw error;
    }
  }

  /** The registry first, as it would complain of a broker that leaves. */
  async stop(): Promise<void> {
    const afterRegistry = async (): Promise<void> => {
      await this.halt('registry', { immediate: false });
      await this.halt('kafka', { immediate: false });
    };
    await Promise.all([this.halt('postgres', { immediate: false }), afterRegistry()]);
  }

  async halt(service: ServiceName, options: { readonly immediate: boolean }): Promise<void> {
    const running = this.#processes.get(service);
    if (running === undefined) return;
    await running.stop(options);
    this.#processes.delete(service);
    await this.#events.onProcesses();
  }

  /** Starts a halted or ended service again, on the port it had. */
  async resume(service: ServiceName, signal: AbortSignal): Promise<void> {
    const plan = this.#plans.get(service);
    if (plan === undefined)
      throw new FreshetError('USAGE', `${service} was not started here: it was given by URL`);
    if (this.#processes.get(service)?.running === true) return;
    await this.#launch(plan, signal);
  }

  async #startPostgres(signal: AbortSignal): Promise<void> {
    if (this.#options.postgres.url !== undefined) return;
    this.#events.onProgress('postgres', 'starting');
    await this.#launch(await preparePostgres(this.#folder, this.#options.postgres.binDir), signal);
  }

  async #startKafkaAndRegistry(signal: AbortSignal): Promise<void> {
    const { kafka, registry } = this.#options;
    if (kafka.brokers !== undefined && registry.url !== undefined) return;
    await requireJava();
    const kafkaJars = kafka.brokers === undefined ? await this.#fetch('kafka', KAFKA, signal) : null;
    const registryJars = registry.url === undefined ? await this.#fetch('registry', REGISTRY, signal) : null;
    const launches: Promise<void>[] = [];
    if (kafkaJars !== null)
      launches.push(this.#startJava('kafka', prepareKafka(this.#folder, kafkaJars), signal));
    if (registryJars !== null) {
      const plan = prepareRegistry(this.#folder, registryJars, this.urls.kafkaBrokers);
      launches.push(this.#startJava('registry', plan, signal));
    }
    await Promise.all(launches);
  }

  async #startJava(service: ServiceName, plan: Promise<ServicePlan>, signal: AbortSignal): Promise<void> {
    this.#events.onProgress(service, 'starting');
    await this.#launch(await plan, signal);
  }

  async #fetch(service: ServiceName, artefact: Artefact, signal: AbortSignal): Promise<string> {
    const onFetch = (title: string): void => this.#events.onProgress(service, 'fetching', title);
    return fetchArtefact(this.#options.cacheDir, artefact, signal, onFetch);
  }

  async #launch(plan: ServicePlan, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + plan.readyTimeoutMs;
    this.#plans.set(plan.service, plan);
    for (;;) {
      signal.throwIfAborted();
      const running = await ServiceProcess.launch(plan);
      this.#processes.set(plan.service, running);
      void running.exited.then(() => this.#events.onProcesses());
      await this.#events.onProcesses();
      try {
        await running.untilReady(signal);
        break;
      } catch (error) {
        if (Date.now() > deadline || !(await running.cameTooEarly())) throw error;
      }
      await sleep(TOO_EARLY_PAUSE_MS, undefined, { signal });
    }
    this.#events.onProgress(plan.service, 'ready');
  }
}
