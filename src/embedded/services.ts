import { homedir } from 'node:os';
import { join } from 'node:path';
import { FreshetError } from '../runtime/errors.ts';
import type { ServiceUrls } from './run-record.ts';
import type { ServiceName } from './service-plan.ts';
import type { OnProgress, StackOptions } from './stack.ts';
import type { Pids } from './supervisor-messages.ts';
import { SupervisorLink } from './supervisor-link.ts';

export type { ServiceUrls } from './run-record.ts';

export interface EmbeddedOptions {
  /** Everything the services keep; made when missing. */
  readonly dataDir: string;
  /** Fetched artefacts, shared by all data folders; `~/.cache/freshet` by default. */
  readonly cacheDir?: string;
  /** `binDir` holds installed binaries (postgres, initdb) of PostgreSQL 15 or newer; with `url` nothing is started. */
  readonly postgres?: {
    readonly binDir?: string;
    readonly url?: { readonly source: string; readonly target: string };
  };
  /** With `brokers` (host:port) Kafka is not started. */
  readonly kafka?: { readonly brokers?: readonly string[] };
  /** With `url`, the base of a Confluent API, the registry is not started. */
  readonly registry?: { readonly url?: string };
  readonly onProgress?: OnProgress;
}

/**
 * Running services. They end with `stop`, with the scope that holds them by `await using`, and by
 * themselves when this process ends in whatever way. Ctrl-C does not reach them: they stay up while
 * this process stops in order.
 */
export interface EmbeddedServices extends AsyncDisposable {
  readonly urls: ServiceUrls;
  /** Of the services started here; follows restarts. */
  readonly pids: Pids;
  /** Resolves when every process is gone. Safe to call again. */
  stop(): Promise<void>;
  /** Takes one service away, for tests of outages; `immediate` kills it. */
  halt(service: ServiceName, options?: { readonly immediate?: boolean }): Promise<void>;
  /** Brings a halted service back on the same port; resolves when it is ready. */
  resume(service: ServiceName): Promise<void>;
  restart(service: ServiceName, options?: { readonly immediate?: boolean }): Promise<void>;
}

/**
 * Starts PostgreSQL, Kafka and the schema registry and resolves when all do real work.
 * Throws PREFLIGHT where the machine lacks something (Java, Maven, a user, disk space) and
 * SERVICE_START where a service fails or the data folder is in use; nothing is left running then.
 */
export async function startServices(options: EmbeddedOptions): Promise<EmbeddedServices> {
  const link = await startSupervisor(options);
  const halt: EmbeddedServices['halt'] = (service, { immediate = false } = {}) =>
    link.halt(service, immediate);
  const stop = once(() => link.stop());
  return {
    urls: link.urls,
    get pids() {
      return link.pids;
    },
    stop,
    halt,
    resume: (service) => link.resume(service),
    async restart(service, how) {
      await halt(service, how);
      await link.resume(service);
    },
    [Symbol.asyncDispose]: stop,
  };
}

export function startSupervisor(options: EmbeddedOptions): Promise<SupervisorLink> {
  if (process.platform === 'win32') {
    throw new FreshetError('PREFLIGHT', 'the embedded services do not run on Windows', {
      cure: 'Use docker compose up, or WSL, and give the URLs.',
    });
  }
  const stackOptions: StackOptions = {
    cacheDir: options.cacheDir ?? join(homedir(), '.cache', 'freshet'),
    postgres: options.postgres ?? {},
    kafka: options.kafka ?? {},
    registry: options.registry ?? {},
  };
  return SupervisorLink.start(options.dataDir, stackOptions, options.onProgress ?? (() => undefined));
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= act());
}
