import type { SourceConfig } from '../../config.ts';
import { FreshetError } from '../../runtime/errors.ts';
import { stopAfter } from '../../runtime/shutdown.ts';
import type { RefreshPlanState } from '../../snapshot/refresh-plan.ts';
import type { ControlRequest } from '../../topics/control-topic.ts';
import type { Engine } from '../engine.ts';
import type { CaptureLink } from './capture-link.ts';

export type RefreshRequest = ControlRequest & { kind: 'refresh' };

export interface PublishProgress {
  readonly rowsPublished: number;
  /** −1 where nobody knows. */
  readonly estimatedRows: number;
}

const WATCH_MS = 500;

/** Sends the request, unless the checkpoint knows it already. */
export async function askFor(link: CaptureLink, request: RefreshRequest): Promise<void> {
  if (link.plansOf(request.id).length === 0) await link.send(request);
}

interface PublishOptions {
  readonly keepSlot: boolean;
  readonly signal: AbortSignal;
  readonly progress: (progress: PublishProgress) => void;
  /** Every row is published; a capture of this process has still to end. */
  readonly published?: () => void;
}

/**
 * Has every row of the refresh published, and gives their number. Where no capture lives, one runs in this
 * process until then, and has ended when this returns; `keepSlot`: a slot that it had to create stays.
 * Throws REFRESH_FAILED, REFRESH_CANCELLED, and the signal's reason.
 */
export async function publishRefresh(
  engine: Engine,
  source: SourceConfig,
  link: CaptureLink,
  id: string,
  options: PublishOptions,
): Promise<number> {
  const known = link.plansOf(id);
  if (isPublished(known)) {
    const rowsPublished = publishedRows(known);
    options.progress({ rowsPublished, estimatedRows: rowsPublished });
    options.published?.();
    return rowsPublished;
  }
  const watch = async (signal: AbortSignal): Promise<number> => {
    const rows = await watchPlans(link, id, signal, options.progress);
    options.published?.();
    return rows;
  };
  if (await link.isAlive()) return watch(options.signal);
  const capture = (signal: AbortSignal): Promise<void> =>
    options.keepSlot ? engine.capture(source, signal) : engine.captureOnce(source, signal);
  try {
    return await stopAfter(options.signal, watch, capture);
  } finally {
    if (!options.keepSlot) await engine.dropTransientSlot(source);
  }
}

async function watchPlans(
  link: CaptureLink,
  id: string,
  signal: AbortSignal,
  progress: (progress: PublishProgress) => void,
): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const plans = link.plansOf(id);
    const refusal = link.answerTo(id)?.error ?? null;
    if (refusal !== null) throw new FreshetError('REFRESH_FAILED', refusal.message);
    for (const plan of plans) assertGoesWell(plan);
    const rowsPublished = publishedRows(plans);
    const isUnknown = plans.length === 0 || plans.some((plan) => plan.estimatedRows < 0);
    progress({ rowsPublished, estimatedRows: isUnknown ? -1 : sum(plans.map((plan) => plan.estimatedRows)) });
    if (isPublished(plans)) return rowsPublished;
    await link.watch(WATCH_MS);
  }
}

function isPublished(plans: readonly RefreshPlanState[]): boolean {
  return plans.length > 0 && plans.every(({ status }) => status === 'finished');
}

function publishedRows(plans: readonly RefreshPlanState[]): number {
  return sum(plans.map((plan) => plan.rowsPublished));
}

function assertGoesWell({ request, status, failure }: RefreshPlanState): void {
  if (status === 'failed')
    throw new FreshetError('REFRESH_FAILED', `refresh ${request.id}: ${failure?.message ?? 'it failed'}`);
  if (status === 'cancelled')
    throw new FreshetError('REFRESH_CANCELLED', `refresh ${request.id} was cancelled`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
