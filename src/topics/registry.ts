import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';

import { COMPATIBILITY, SchemaRegistry } from '@kafkajs/confluent-schema-registry';

import { type ErrorCode, FreshetError, isFreshetError } from '../runtime/errors.ts';
import type { AvroSchema } from './codec/table-schemas.ts';

/** What Freshet asks of a schema registry. */
export interface SchemaRegistryPort {
  /**
   * The id of the schema under the subject, registered first where it is new. Throws CONNECTION where the
   * registry can't be reached, SCHEMA_REFUSED where it says no.
   */
  register(subject: string, schema: AvroSchema): Promise<number>;
  /** Throws CONNECTION, and RECORD_INVALID where the registry has no such schema. */
  schemaById(id: number): Promise<AvroSchema>;
}

export interface RegistryOptions {
  /** For example "http://localhost:8081", or with the path of a Confluent-compatible API. */
  readonly url: string;
  readonly auth?: { readonly username: string; readonly password: string };
  readonly tls?: Pick<
    ConnectionOptions,
    'ca' | 'cert' | 'key' | 'passphrase' | 'servername' | 'rejectUnauthorized'
  >;
  /** Of one request. Milliseconds. */
  readonly requestTimeoutMs?: number;
}

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number];

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 100;
/** A registry that has fallen silent is asked twice more, over a new connection each time, and given up within 30 s. */
const REQUEST_TIMEOUT_MS = 8_000;
const PATIENCE_MS = 20_000;
const SCHEMA_PATH = /\/schemas\/ids\/(\d+)(?:\?|$)/;
/** What the client makes of a request that never got an answer: a status of its own, and the socket's message. */
const NO_ANSWER = /Error, status 400: /;
const LEVELS: readonly COMPATIBILITY[] = Object.values(COMPATIBILITY);

/** A registry with Confluent's API. Every schema is asked for, and registered, once. */
export function createRegistry(options: RegistryOptions): SchemaRegistryPort {
  return new ConfluentRegistry(options);
}

class ConfluentRegistry implements SchemaRegistryPort {
  readonly #url: string;
  readonly #client: SchemaRegistry;
  readonly #requestTimeoutMs: number;
  readonly #ids = new Map<string, Promise<number>>();
  readonly #schemas = new Map<number, Promise<AvroSchema>>();
  /** Schema texts by id, as responses carried them: the client keeps its compiled form only, without our attributes. */
  readonly #texts = new Map<number, string>();

  constructor({ url, auth, tls, requestTimeoutMs = REQUEST_TIMEOUT_MS }: RegistryOptions) {
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#url = url.replace(/\/+$/, '');
    this.#client = new SchemaRegistry({
      host: this.#url,
      retry: { retries: 0 },
      middlewares: [this.#capture()],
      ...(auth === undefined ? {} : { auth: { ...auth } }),
      ...(tls === undefined ? {} : { agent: new Agent({ keepAlive: true, ...tls }) }),
    });
  }

  register(subject: string, schema: AvroSchema): Promise<number> {
    const text = JSON.stringify(schema);
    return remembered(this.#ids, `${subject}\n${text}`, () =>
      this.#retrying(`registering the schema of ${subject}`, 'INTERNAL', async () => {
        const id = await this.#registerOnce(subject, text);
        // The client does not ask for what it has registered itself.
        this.#schemas.set(id, Promise.resolve(schema));
        return id;
      }),
    );
  }

  schemaById(id: number): Promise<AvroSchema> {
    return remembered(this.#schemas, id, () =>
      this.#retrying(`reading schema ${id}`, 'RECORD_INVALID', async () => {
        await this.#client.getSchema(id);
        const text = this.#texts.get(id);
        if (text === undefined) throw new FreshetError('INTERNAL', `schema ${id} came without its text`);
        this.#texts.delete(id);
        return JSON.parse(text) as AvroSchema;
      }),
    );
  }

  /** The client insists on knowing a subject's compatibility: where it has one of its own, that one is right. */
  async #registerOnce(subject: string, schema: string): Promise<number> {
    const confluentSchema = { type: 'AVRO', schema } as unknown as Parameters<SchemaRegistry['register']>[0];
    try {
      const { id } = await this.#client.register(confluentSchema, {
        subject,
        compatibility: undefined as never,
      });
      return id;
    } catch (error) {
      const level = /!= ([A-Z_]+)\)$/.exec(error instanceof Error ? error.message : '')?.[1];
      const compatibility = LEVELS.find((known) => known === level);
      if (compatibility === undefined) throw error;
      const { id } = await this.#client.register(confluentSchema, { subject, compatibility });
      return id;
    }
  }

  async #retrying<T>(what: string, otherwise: ErrorCode, call: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const failure = this.#failure(what, otherwise, error);
        const isOver = attempt === ATTEMPTS || performance.now() > deadline;
        if (!isFreshetError(failure, 'CONNECTION') || isOver) throw failure;
        await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      }
    }
  }

  #failure(what: string, otherwise: ErrorCode, error: unknown): FreshetError {
    if (isFreshetError(error)) return error;
    const { status, message } = error as { readonly status?: number; readonly message?: string };
    const text = `${what} at ${this.#url}: ${message ?? String(error)}`;
    const cause = { cause: error };
    if (status === undefined) return new FreshetError(otherwise, text, cause);
    if (status >= 500 || status === 408 || status === 429 || NO_ANSWER.test(message ?? '')) {
      return new FreshetError('CONNECTION', text, cause);
    }
    if (status === 401 || status === 403) {
      return new FreshetError('CONFIG_INVALID', text, {
        ...cause,
        cure: "Correct the registry's user and password.",
      });
    }
    return new FreshetError(status === 404 ? 'RECORD_INVALID' : 'SCHEMA_REFUSED', text, cause);
  }

  /** Bounds every request in time, and keeps the text of each schema that comes by. */
  #capture(): Middleware {
    return () => ({
      prepareRequest: async (next) => (await next()).enhance({ timeout: this.#requestTimeoutMs }),
      response: async (next) => {
        const response = await next();
        const id = SCHEMA_PATH.exec(response.request().url())?.[1];
        const body: unknown = response.data();
        if (id !== undefined && body !== null && typeof body === 'object' && 'schema' in body) {
          this.#texts.set(Number(id), String(body.schema));
        }
        return response;
      },
    });
  }
}

/** One call per key at a time, and never again after it succeeded. */
function remembered<K, V>(cache: Map<K, Promise<V>>, key: K, call: () => Promise<V>): Promise<V> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const fresh = call();
  cache.set(key, fresh);
  fresh.catch(() => cache.delete(key));
  return fresh;
}
