import { FreshetError } from '../runtime/errors.ts';
import type { WriteCounts } from '../sinks/row-writer.ts';
import type { Delivery, DeliveryListener, Refusal } from '../sinks/http/delivery.ts';
import {
  type Delivered,
  deliveredFrom,
  DELIVERIES_SQL,
  findDelivered,
  forgetDelivered,
  keepDelivered,
  type LogPlace,
} from '../sinks/http/delivery-log.ts';
import type { Migration } from '../sinks/schema.ts';
import { targetTable } from '../sinks/target-table.ts';
import type { AnyChange, ApplyBatch, ApplyOutcome, ClearBatch } from './define-pipeline.ts';

type JsonBody = Readonly<Record<string, unknown>>;

/** Where items go: an `HttpSink`, or what does as one. */
export interface DeliverySink {
  /** Resolves when each item was taken or refused for good; throws CONNECTION to be called again. */
  deliver(deliveries: readonly Delivery[]): Promise<readonly Refusal[]>;
  /** Called at the start of a process, which makes metrics of what the listener hears. */
  watch?(listener: DeliveryListener): void;
}

/** An API that is to be told of a pipeline's changes. */
export interface DeliverDefinition<Change extends { readonly kind: string }> {
  readonly to: DeliverySink;
  /** The item's key at the API. */
  readonly keyOf: (change: Change) => string;
  /** The item; null: the API is not to have it. Of a patch the fields that are known: they go on top of the others. */
  readonly bodyOf: (change: Exclude<Change, { readonly kind: 'delete' }>) => JsonBody | null;
  /** Adds to the whole item what is made of all its fields. */
  readonly complete?: (body: JsonBody) => JsonBody;
}

interface DeliverySteps {
  readonly migrations: readonly Migration[];
  readonly apply: (batch: ApplyBatch<AnyChange>) => Promise<ApplyOutcome<AnyChange>>;
  readonly clear: (batch: ClearBatch) => Promise<readonly WriteCounts[]>;
}

/** An item whose log entry is to say so once it was taken. */
interface Planned {
  readonly change: AnyChange;
  readonly delivery: Delivery;
  readonly entry: Delivered | null;
}

const LOG = targetTable({
  schema: 'freshet',
  name: 'deliveries',
  columns: [{ name: 'key', type: 'text', notNull: true }],
  key: ['key'],
});
const CLEARED_AT_ONCE = 1_000;

/**
 * The steps of a pipeline that delivers. Items are sent within the batch's transaction, whose lane is locked, so
 * that no other process sends older ones; the position is stored only when they were taken. What was told is
 * kept in the target (`freshet.deliveries`): an item that is unchanged is not sent again, a patch completes it,
 * and a TRUNCATE or sweep knows what to delete.
 */
export function deliverySteps(pipeline: string, definition: DeliverDefinition<AnyChange>): DeliverySteps {
  return {
    migrations: [{ id: 'freshet-deliveries', sql: DELIVERIES_SQL }],
    apply: ({ client, from, changes }) => apply({ client, pipeline, from }, definition, changes),
    clear: ({ client, from, before }) => clear({ client, pipeline, from }, definition.to, before),
  };
}

async function apply(
  place: LogPlace,
  definition: DeliverDefinition<AnyChange>,
  changes: readonly AnyChange[],
): Promise<ApplyOutcome<AnyChange>> {
  const known = await findDelivered(
    place,
    changes.map((change) => definition.keyOf(change)),
  );
  const planned: Planned[] = [];
  const incomplete: AnyChange[] = [];
  const seenAgain: Delivered[] = [];
  for (const change of changes) {
    const plan = planOf(definition, change, known);
    if (plan === 'incomplete') incomplete.push(change);
    else if (plan !== null && 'delivery' in plan) planned.push(plan);
    else if (plan !== null) seenAgain.push(plan);
  }
  await keepOpen(place);
  const refusals = await definition.to.deliver(planned.map(({ delivery }) => delivery));
  const refused = new Map(refusals.map((refusal) => [refusal.delivery, refusal]));
  const taken = planned.filter(({ delivery }) => !refused.has(delivery));
  await forgetDelivered(
    place,
    taken.filter(({ entry }) => entry === null).map(({ delivery }) => delivery.key),
  );
  await keepDelivered(place, [...taken.flatMap(({ entry }) => entry ?? []), ...seenAgain]);
  const rejected = planned.flatMap(({ change, delivery }) => {
    const refusal = refused.get(delivery);
    return refusal === undefined
      ? []
      : [
          {
            change,
            code: `HTTP_${refusal.status}`,
            message: refusal.message || `the API answered ${refusal.status}`,
          },
        ];
  });
  return { counts: [countsOf(taken, seenAgain.length)], rejected, incomplete };
}

/** What is to be sent; the log entry alone where the API knows it already; null where there is nothing to do. */
function planOf(
  { keyOf, bodyOf, complete = (body) => body }: DeliverDefinition<AnyChange>,
  change: AnyChange,
  known: ReadonlyMap<string, Delivered>,
): Planned | Delivered | 'incomplete' | null {
  const key = keyOf(change);
  const before = known.get(key);
  const { position: version, epoch } = change;
  const part = change.kind === 'delete' ? null : bodyOf(change);
  if (part === null) {
    if (before === undefined) return null;
    return { change, delivery: { key, version, op: 'delete', body: null }, entry: null };
  }
  const isPatch = change.kind === 'patch';
  if (isPatch && (before === undefined || before.epoch < epoch)) return 'incomplete';
  const base = isPatch && before !== undefined ? (JSON.parse(before.body) as JsonBody) : {};
  const text = JSON.stringify(complete({ ...base, ...part }));
  const entry = { key, version, body: text, epoch };
  if (before?.body === text) return entry;
  return { change, delivery: { key, version, op: 'upsert', body: JSON.parse(text) as JsonBody }, entry };
}

async function clear(place: LogPlace, sink: DeliverySink, before: number | null): Promise<WriteCounts[]> {
  await keepOpen(place);
  let deletes = 0;
  for (;;) {
    const gone = await deliveredFrom(place, before, CLEARED_AT_ONCE);
    // Behind the key's last version, and before any that comes.
    const items = gone.map(({ key, version }): Delivery => ({
      key,
      version: `${version}~`,
      op: 'delete',
      body: null,
    }));
    const [refusal] = await sink.deliver(items);
    if (refusal !== undefined) {
      const { key } = refusal.delivery;
      throw new FreshetError(
        'RECORD_INVALID',
        `deleting ${key}: the API answered ${refusal.status}: ${refusal.message}`,
      );
    }
    await forgetDelivered(
      place,
      gone.map(({ key }) => key),
    );
    deletes += gone.length;
    if (gone.length < CLEARED_AT_ONCE) break;
  }
  return [{ table: LOG, upserts: 0, patches: 0, deletes, written: deletes, unchanged: 0 }];
}

/** The transaction is idle while the API works. */
async function keepOpen({ client }: LogPlace): Promise<void> {
  await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
}

function countsOf(taken: readonly Planned[], unchanged: number): WriteCounts {
  const deletes = taken.filter(({ entry }) => entry === null).length;
  const upserts = taken.length - deletes + unchanged;
  return { table: LOG, upserts, patches: 0, deletes, written: taken.length, unchanged };
}
