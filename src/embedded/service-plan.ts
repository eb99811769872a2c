export type ServiceName = 'postgres' | 'kafka' | 'registry';
export const SERVICE_NAMES: readonly ServiceName[] = ['postgres', 'kafka', 'registry'];

/** PostgreSQL's SIGINT is its fast shutdown; SIGTERM would wait for every client to leave. */
export const SOFT_STOP = { postgres: 'SIGINT', kafka: 'SIGTERM', registry: 'SIGTERM' } as const;

export interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

/** How one service is run: everything that must be known to start it, and to start it again. */
export interface ServicePlan {
  readonly service: ServiceName;
  /** As a person calls it. */
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
  /** Where it must not run as the user who started it. */
  readonly user?: UnixUser;
  readonly readyTimeoutMs: number;
  /** What its log says where processes of a killed run before it still end: it is started again until they have. */
  readonly tooEarly?: RegExp;
  /** How long a soft stop may take before the hard one. */
  readonly stopTimeoutMs: number;
  /** Resolves once the service has done real work; rejects while it is not ready yet. */
  probe(signal: AbortSignal): Promise<void>;
}
