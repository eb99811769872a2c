import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFreshetError } from '../runtime/errors.ts';
import { dropSlot, readSlot } from '../source/slot.ts';
import type { CaptureConfig } from './capture-config.ts';

type HeldSlot = Pick<CaptureConfig, 'slot' | 'slotTimeoutMs'>;

const PAUSE_MS = 100;

/**
 * Does what needs a slot that nobody holds. A predecessor's connection may outlive it: only who has the lease may
 * ask, so that hold is ended. It may take a while for that, or come back until it hears that the lease is
 * another's. Throws SLOT_BUSY when that takes too long, or at once where `signal` says so.
 */
export async function withoutHolder<T>(
  control: pg.ClientBase,
  { slot, slotTimeoutMs }: HeldSlot,
  use: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = Date.now() + slotTimeoutMs;
  for (;;) {
    try {
      return await use();
    } catch (error) {
      if (!isFreshetError(error, 'SLOT_BUSY') || Date.now() > deadline || signal?.aborted === true)
        throw error;
      await endHolder(control, slot);
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }
}

export async function dropHeldSlot(control: pg.ClientBase, held: HeldSlot): Promise<void> {
  await withoutHolder(control, held, () => dropSlot(control, held.slot));
}

async function endHolder(control: pg.ClientBase, slot: string): Promise<void> {
  const status = await readSlot(control, slot);
  if (status === null || status.activePid === null) return;
  await control.query('SELECT pg_terminate_backend($1)', [status.activePid]).catch(() => {});
}
