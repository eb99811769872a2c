import type { Config } from '../../config.ts';
import type { ErrorCode } from '../../runtime/errors.ts';
import type { Told } from './told.ts';

/** What a thread is given at its start. */
export interface ThreadData {
  /** Without the pipelines that are code: the thread imports those of `config.file`. */
  readonly config: Config;
}

export type Order =
  | { readonly type: 'consume'; readonly pipeline: string }
  | { readonly type: 'stop'; readonly pipeline: string };

export type Report =
  | { readonly type: 'ready' }
  | { readonly type: 'told'; readonly pipeline: string; readonly told: readonly Told[] }
  | { readonly type: 'ended'; readonly pipeline: string; readonly failure: Failure | null };

/** An error on its way between threads, which carry no classes. */
export interface Failure {
  /** Null: none of ours. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly cure: string;
  readonly stack: string | undefined;
}
