import type pg from 'pg';
import { type FreshetError, isFreshetError } from '../runtime/errors.ts';
import { readSlot } from '../source/slot.ts';
import type { CaptureConfig, CaptureDependencies } from './capture-config.ts';
import type { SnapshotScheduler } from './snapshot-scheduler.ts';
import type { TableWatch } from './table-watch.ts';
import { TopicWatch } from './topic-watch.ts';
import { WalBudget } from './wal-budget.ts';

const SLOT_POLL_MS = 1_000;
/** A look at the topics costs connections to brokers. */
const TOPIC_LOOK_SHARE = 5;

interface Watched {
  readonly control: pg.Client;
  readonly config: CaptureConfig;
  readonly dependencies: CaptureDependencies;
  readonly scheduler: Pick<SnapshotScheduler, 'hold'>;
  /** topic → partitions */
  readonly partitions: ReadonlyMap<string, number>;
}

/**
 * Looks at the catalog now, and from now on at slot and catalog again and again. `failed` hears of what
 * makes going on wrong; it is thrown where the first look finds it.
 */
export async function watchSource(
  watched: Watched,
  tables: TableWatch,
  failed: (error: FreshetError) => void,
): Promise<Disposable> {
  await tables.look();
  const topics = new TopicWatch(watched.dependencies.kafka, watched.partitions);
  await topics.look();
  const budget = new WalBudget(watched.config.snapshot.walBudgetBytes);
  // One query at a time on the connection.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (look: () => Promise<void>): Promise<void> => {
    const turn = last.then(look, look);
    last = turn;
    return turn;
  };
  const timers = [
    every(watched.config.watchMs, () => inTurn(() => tables.look()), failed),
    every(watched.config.watchMs * TOPIC_LOOK_SHARE, () => topics.look(), failed),
  ];
  if (watched.config.snapshotOnly !== true)
    timers.push(every(SLOT_POLL_MS, () => inTurn(() => lookAtSlot(watched, budget)), failed));
  return { [Symbol.dispose]: () => timers.forEach(clearInterval) };
}

async function lookAtSlot(
  { control, config, dependencies, scheduler }: Watched,
  budget: WalBudget,
): Promise<void> {
  const { observer } = dependencies;
  const status = await readSlot(control, config.slot);
  if (status === null) return;
  observer.slot(status);
  if (!budget.look(status)) return;
  scheduler.hold(budget.isTight);
  observer.walBudget(budget.isTight, status);
}

/** One look at a time. What only says that a connection is lost shows in the stream as well, which ends the session. */
function every(ms: number, look: () => Promise<void>, failed: (error: FreshetError) => void): NodeJS.Timeout {
  let busy = false;
  return setInterval(() => {
    if (busy) return;
    busy = true;
    void look()
      .catch((error: unknown) => {
        if (isFreshetError(error) && error.action === 'stop') failed(error);
      })
      .finally(() => (busy = false));
  }, ms);
}
