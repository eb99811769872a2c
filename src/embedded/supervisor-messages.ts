import type { ErrorCode } from '../runtime/errors.ts';
import type { ServiceUrls } from './run-record.ts';
import type { ServiceName } from './service-plan.ts';
import type { ProgressState, StackOptions } from './stack.ts';

/** To the supervisor. `id` comes back in the answer. */
export type Command =
  | { readonly type: 'start'; readonly dataDir: string; readonly options: StackOptions }
  /** From now on the supervisor lives without the process that started it. */
  | { readonly type: 'detach' }
  | { readonly type: 'stop' }
  | { readonly type: 'halt'; readonly id: number; readonly service: ServiceName; readonly immediate: boolean }
  | { readonly type: 'resume'; readonly id: number; readonly service: ServiceName };

export type Pids = Partial<Record<ServiceName, number>>;

export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly cure: string;
}

/** From the supervisor. */
export type Report =
  | {
      readonly type: 'progress';
      readonly service: ServiceName;
      readonly state: ProgressState;
      readonly detail?: string;
    }
  | { readonly type: 'ready'; readonly urls: ServiceUrls; readonly pids: Pids }
  | { readonly type: 'failed'; readonly error: ErrorMessage }
  | { readonly type: 'done'; readonly id: number; readonly pids: Pids }
  | { readonly type: 'refused'; readonly id: number; readonly error: ErrorMessage };
