import { connect } from '../runtime/postgres.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import { dropHeldSlot } from './held-slot.ts';
import { CAPTURE_KEY, parseCaptureEntry } from './history.ts';
import { Lease } from './lease.ts';

/**
 * Drops the slot where it was made for one refresh; the checkpoint says so first, so that the next
 * capture begins anew. False where the slot is one that stays. No capture of this slot may run.
 */
export async function dropTransientSlot(
  config: CaptureConfig,
  dependencies: CaptureDependencies,
): Promise<boolean> {
  await using lease = await Lease.acquire(config, dependencies);
  const entry = parseCaptureEntry(lease.image.get(CAPTURE_KEY));
  if (entry?.transient !== true) return false;
  await lease.publish([], [{ key: CAPTURE_KEY, value: JSON.stringify({ ...entry, slotReady: false }) }]);
  await using client = await connect(config.connection, `control ${config.slot}`);
  await dropHeldSlot(client, config);
  return true;
}
