import { setTimeout as sleep } from 'node:timers/promises';
import { FreshetError } from '../../runtime/errors.ts';
import type { CaptureLink } from './capture-link.ts';

const ANSWER_TIMEOUT_MS = 30_000;
const POLL_MS = 200;

/** Returns when the capture has taken the request. Throws REFRESH_FAILED with its reason, CONNECTION where none answers. */
export async function untilAccepted(link: CaptureLink, id: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + ANSWER_TIMEOUT_MS;
  for (;;) {
    await link.look();
    const answer = link.answerTo(id);
    const failure = link.plansOf(id).find(({ status }) => status === 'failed')?.failure ?? answer?.error;
    if (failure !== undefined && failure !== null) throw new FreshetError('REFRESH_FAILED', failure.message);
    if (answer !== null) return;
    signal.throwIfAborted();
    if (Date.now() > deadline)
      throw new FreshetError(
        'CONNECTION',
        `the capture did not answer within ${ANSWER_TIMEOUT_MS / 1_000} s`,
      );
    await sleep(POLL_MS);
  }
}
