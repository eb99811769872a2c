import { backoffMs } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorMessage } from '../runtime/postgres.ts';
import { parseControl } from '../topics/control-topic.ts';
import type { TailPiece, TailRecord, TopicTail } from '../topics/topic-tail.ts';
import type { ControlDesk } from './control-desk.ts';
import type { RequestHandler } from './request-handler.ts';

export interface ControlReaderOptions {
  readonly tail: Pick<TopicTail, 'fetch'>;
  readonly slot: string;
  readonly desk: Pick<ControlDesk, 'offset'>;
  readonly handler: Pick<RequestHandler, 'handle' | 'refuse'>;
  readonly clock: Clock;
  readonly log: (level: 'warn', message: string) => void;
}

const WAIT_MS = 1_000;

/** Hands the requests of the control topic to the handler, one after the other, until the signal. */
export async function serveRequests(options: ControlReaderOptions, signal: AbortSignal): Promise<void> {
  const { tail, desk, clock, log } = options;
  let next = desk.offset;
  for (let failures = 0; !signal.aborted;) {
    try {
      const piece: TailPiece = await tail.fetch(next, WAIT_MS);
      for (const record of piece.records) {
        await serve(options, record);
        next = record.offset + 1n;
      }
      next = piece.nextOffset;
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      log('warn', `requests are not served now, it is tried again: ${errorMessage(error)}`);
      await clock.sleep(backoffMs(failures++), signal);
    }
  }
}

async function serve({ slot, handler }: ControlReaderOptions, record: TailRecord): Promise<void> {
  const asked = parseControl(record);
  const behind = record.offset + 1n;
  if (asked.slot !== slot) return;
  if ('error' in asked) handler.refuse(asked.id, asked.error, behind);
  else await handler.handle(asked.request, behind);
}
