import { z } from 'zod';
import { FreshetError } from '../runtime/errors.ts';
import { errorMessage } from '../runtime/postgres.ts';
import type { Kafka } from './kafka.ts';
import type { TailRecord } from './topic-tail.ts';
import { ensureLogTopic, withAdmin } from './topic-admin.ts';

const VERSION = 1;
/** A request is one record: Kafka's default limit is 1 MiB. */
const MAX_REQUEST_BYTES = 900 * 1024;

const tableId = z.object({ schema: z.string().min(1), name: z.string().min(1) });
const id = z.string().min(1).max(200);

const request = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('refresh'),
    /** Of the refresh; it stands in the tag of its records. */
    id,
    group: z.string().nullable(),
    options: z.record(z.string(), z.string()),
    parts: z
      .array(
        z
          .object({
            table: tableId,
            where: z.string().nullable(),
            /** Key values as PostgreSQL's text, in the key's order. */
            keys: z.array(z.array(z.string()).min(1)).min(1).nullable(),
          })
          .refine(({ where, keys }) => where === null || keys === null, 'either a condition or keys'),
      )
      .min(1),
  }),
  z.object({ kind: z.enum(['pause', 'resume', 'cancel']), id, refresh: id }),
  z.object({ kind: z.enum(['add-table', 'remove-table']), id, table: tableId }),
]);

/** What a running capture can be asked. `id` is the request's own: its answer is found under it. */
export type ControlRequest = z.output<typeof request>;

/** A request as the topic holds it; `slot` says which of the prefix's captures is meant. */
const envelope = z.object({ version: z.number(), slot: z.string(), at: z.string() });

export interface Addressed {
  readonly slot: string;
  /** When it was sent, ISO. */
  readonly at: string;
  readonly request: ControlRequest;
}

/** A record that no capture can take for a request: `id` and `slot` where they can be read. */
export interface Unreadable {
  readonly slot: string | null;
  readonly id: string | null;
  readonly error: FreshetError;
}

/** The control topic of a prefix, and the slot whose capture is meant. */
export interface ControlPlace {
  readonly name: string;
  readonly replicationFactor: number;
  readonly retentionMs: number;
  readonly slot: string;
}

/** Writes the request. It waits there where no capture runs. Throws USAGE where it is too large, CONNECTION. */
export async function sendControl(kafka: Kafka, topic: ControlPlace, asked: ControlRequest): Promise<void> {
  const { slot } = topic;
  const value = JSON.stringify({ version: VERSION, slot, at: new Date().toISOString(), request: asked });
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_REQUEST_BYTES) {
    throw new FreshetError(
      'USAGE',
      `the request has ${bytes} bytes, at most ${MAX_REQUEST_BYTES} can be sent`,
      {
        cure: 'Name fewer keys in one request, or choose the rows by a condition.',
      },
    );
  }
  await withAdmin(kafka, (admin) =>
    ensureLogTopic(admin, topic.name, topic.replicationFactor, topic.retentionMs),
  );
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true });
  try {
    await producer.connect();
    await producer.send({ topic: topic.name, acks: -1, messages: [{ key: slot, value }] });
  } catch (error) {
    throw new FreshetError('CONNECTION', `cannot write to ${topic.name}: ${errorMessage(error)}`, {
      cause: error,
    });
  } finally {
    await producer.disconnect().catch(() => {});
  }
}

/** A newer version is refused as such: half understood is worse than not done. */
export function parseControl(record: Pick<TailRecord, 'value'>): Addressed | Unreadable {
  let json: unknown;
  try {
    json = JSON.parse(record.value?.toString() ?? '');
  } catch {
    return unreadable(null, null, new FreshetError('USAGE', 'a control record is no JSON'));
  }
  const outer = envelope.safeParse(json);
  const inner = (json as { request?: unknown } | null)?.request;
  const asked = z.object({ id }).safeParse(inner);
  const name = asked.success ? asked.data.id : null;
  if (!outer.success) return unreadable(null, name, invalid(outer.error));
  const { version, slot, at } = outer.data;
  if (version !== VERSION) {
    const message = `the control request has version ${version}, this Freshet knows version ${VERSION}`;
    return unreadable(slot, name, new FreshetError('VERSION_NEWER', message));
  }
  const parsed = request.safeParse(inner);
  return parsed.success ? { slot, at, request: parsed.data } : unreadable(slot, name, invalid(parsed.error));
}

function unreadable(slot: string | null, name: string | null, error: FreshetError): Unreadable {
  return { slot, id: name, error };
}

function invalid(error: z.ZodError): FreshetError {
  const [issue] = error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  return new FreshetError('USAGE', `the control request is wrong: ${field}: ${issue?.message ?? 'invalid'}`);
}
