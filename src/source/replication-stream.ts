import { LogicalReplicationService } from 'pg-logical-replication';
import pg from 'pg';
import { formatLsn, type Lsn, toLsn } from '../change/lsn.ts';
import { FreshetError } from '../runtime/errors.ts';
import {
  clientConfig,
  connectionError,
  destroySocket,
  errorMessage,
  type PostgresConfig,
  socketOf,
  sqlState,
} from '../runtime/postgres.ts';
import { slotBusy } from './slot.ts';
import { type StreamItem, StreamQueue } from './stream-queue.ts';

export interface ReplicationStreamOptions {
  readonly connection: PostgresConfig;
  readonly slot: string;
  readonly publication: string;
  /** The socket is paused while more than this is queued. Bytes. */
  readonly queueBytes: number;
  /** A server that says nothing for this long, though asked, is taken for dead. Milliseconds. */
  readonly silenceTimeoutMs?: number | undefined;
}

const SLAB_BYTES = 256 * 1024;
/** Well below `wal_sender_timeout` / 3 (a minute by default). */
const STATUS_INTERVAL_MS = 1_000;
const SILENCE_TIMEOUT_MS = 20_000;

/**
 * Sends START_REPLICATION and hands each message over raw. The library's parser calls `parse` from
 * the socket's data event; its buffer is used again for the next packet, so the bytes are copied.
 */
class RawPgoutput {
  readonly name = 'pgoutput';
  readonly options: { readonly publication: string };
  readonly #receive: (payload: Buffer) => void;
  readonly #started: (client: pg.Client) => void;

  constructor(publication: string, started: (client: pg.Client) => void, receive: (payload: Buffer) => void) {
    this.options = { publication };
    this.#started = started;
    this.#receive = receive;
  }

  async start(client: pg.Client, slotName: string, lastLsn: string): Promise<unknown> {
    this.#started(client);
    const publication = pg.escapeIdentifier(this.options.publication).replaceAll("'", "''");
    return client.query(
      `START_REPLICATION SLOT ${pg.escapeIdentifier(slotName)} LOGICAL ${lastLsn} ` +
        `(proto_version '1', publication_names '${publication}')`,
    );
  }

  parse(payload: Buffer): null {
    this.#receive(payload);
    return null;
  }
}

/** One replication connection: a bounded queue of what the server sent, and the way back for confirmations. */
export class ReplicationStream implements AsyncDisposable {
  readonly #options: ReplicationStreamOptions;
  readonly #service: LogicalReplicationService;
  readonly #queue = new StreamQueue();
  #client: pg.Client | null = null;
  #paused = false;
  #slab = Buffer.allocUnsafe(SLAB_BYTES);
  #slabUsed = 0;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;
  #confirmed: Lsn = toLsn(0n);
  #heardAt = Date.now();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  private constructor(options: ReplicationStreamOptions) {
    this.#options = options;
    this.#service = new LogicalReplicationService(
      clientConfig(options.connection, `stream ${options.slot}`),
      {
        acknowledge: { auto: false, timeoutSeconds: 0 },
        flowControl: { enabled: false },
      },
    );
  }

  /**
   * Opens the stream at the slot's confirmed position. Resolves when the server has accepted it: from
   * then on the slot is ours. Rejects with SLOT_BUSY, SLOT_LOST, PREFLIGHT or CONNECTION.
   */
  static async open(options: ReplicationStreamOptions): Promise<ReplicationStream> {
    const stream = new ReplicationStream(options);
    try {
      await stream.#start();
    } catch (error) {
      // A refused connection stays open, and each takes a WAL sender from the server.
      await stream[Symbol.asyncDispose]();
      throw error;
    }
    return stream;
  }

  async #start(): Promise<void> {
    const plugin = new RawPgoutput(
      this.#options.publication,
      (client) => (this.#client = client),
      (payload) => this.#receive(payload),
    );
    this.#timer = setInterval(() => this.#tick(), STATUS_INTERVAL_MS);
    await new Promise<void>((resolve, reject) => {
      const ended = (error: unknown): void => {
        this.#fail(error);
        reject(this.#failure ?? connectionError(error, this.#options.connection));
      };
      this.#service.once('start', resolve);
      this.#service.on('error', (error: Error) => this.#fail(error));
      this.#service.on('heartbeat', (lsn: string) => this.#heartbeat(lsn));
      // A connection that is cut before the server accepts ends this way too, without an error.
      const cut = new FreshetError('CONNECTION', 'PostgreSQL ended the replication stream');
      this.#service.subscribe(plugin, this.#options.slot).then(() => ended(cut), ended);
    });
  }

  /** The next item, or undefined where nothing is queued. Throws what broke the stream, after all that came before it. */
  take(): StreamItem | undefined {
    const item = this.#queue.take();
    if (item === undefined) {
      if (this.#failure !== null) throw this.#failure;
      return undefined;
    }
    if (this.#paused && this.#queue.bytes < this.#options.queueBytes / 2) this.#resume();
    return item;
  }

  /** What `take` would give. */
  get next(): StreamItem | undefined {
    return this.#queue.next;
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty && this.#failure === null;
  }

  get queuedItems(): number {
    return this.#queue.length;
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Called when an item arrives, and when the stream breaks. */
  onArrival(wake: () => void): void {
    this.#wake = wake;
  }

  /** Lets PostgreSQL forget everything below `lsn`. Only what Kafka holds may be passed (invariant 1). */
  confirm(lsn: Lsn): void {
    if (lsn <= this.#confirmed) return;
    this.#confirmed = lsn;
    this.#sendStatus(false);
  }

  /** Asks the server for a keepalive, whose `walEnd` tells how far it has read. */
  requestKeepalive(): void {
    this.#sendStatus(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#resume();
    // The server may be busy decoding and not read our farewell: give it a moment, then cut the socket.
    const client = this.#client;
    const cut = setTimeout(() => destroySocket(client), 500);
    await this.#service.destroy().catch(() => {});
    clearTimeout(cut);
  }

  #receive(payload: Buffer): void {
    this.#heardAt = Date.now();
    this.#push({ kind: 'message', payload: this.#keep(payload) });
    if (!this.#paused && this.#queue.bytes > this.#options.queueBytes) this.#pause();
  }

  #heartbeat(lsn: string): void {
    this.#heardAt = Date.now();
    const [high = '0', low = '0'] = lsn.split('/');
    this.#push({ kind: 'keepalive', walEnd: toLsn((BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)) });
  }

  #push(item: StreamItem): void {
    this.#queue.push(item);
    this.#wake?.();
  }

  #keep(payload: Buffer): Buffer {
    const length = payload.length;
    if (length > SLAB_BYTES / 4) return Buffer.from(payload);
    if (this.#slabUsed + length > SLAB_BYTES) {
      this.#slab = Buffer.allocUnsafe(SLAB_BYTES);
      this.#slabUsed = 0;
    }
    const start = this.#slabUsed;
    payload.copy(this.#slab, start);
    this.#slabUsed += length;
    return this.#slab.subarray(start, start + length);
  }

  #tick(): void {
    if (this.#paused) {
      // We do not read now, so the server's silence says nothing; it still wants to hear from us.
      this.#heardAt = Date.now();
      this.#sendStatus(false);
      return;
    }
    const silentMs = Date.now() - this.#heardAt;
    if (silentMs > (this.#options.silenceTimeoutMs ?? SILENCE_TIMEOUT_MS)) {
      this.#fail(
        new FreshetError('CONNECTION', `PostgreSQL has not answered for ${Math.round(silentMs / 1000)} s`),
      );
      destroySocket(this.#client);
      return;
    }
    this.#sendStatus(true);
  }

  #sendStatus(ping: boolean): void {
    if (this.#closed || this.#failure !== null) return;
    // The library adds one to what it is given, but a confirmed position is a next byte already.
    const lsn = this.#confirmed === 0n ? null : formatLsn(toLsn(this.#confirmed - 1n));
    if (lsn !== null || ping)
      void this.#service.acknowledge(lsn ?? '0/0', ping).catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#failure !== null || this.#closed) return;
    this.#failure = error instanceof FreshetError ? error : this.#explain(error);
    this.#wake?.();
  }

  #explain(error: unknown): FreshetError {
    const state = sqlState(error);
    const slot = this.#options.slot;
    const busy = slotBusy(slot, error);
    if (busy !== null) return busy;
    if (state === '55000' && /invalidat|can no longer|obsolete|removed/i.test(errorMessage(error))) {
      return new FreshetError('SLOT_LOST', `replication slot "${slot}": ${errorMessage(error)}`, {
        cause: error,
      });
    }
    if (state === '42704') {
      const what = /publication/i.test(errorMessage(error)) ? 'PUBLICATION_CHANGED' : 'SLOT_LOST';
      return new FreshetError(what, errorMessage(error), { cause: error });
    }
    return connectionError(error, this.#options.connection);
  }

  /** There is no other back-pressure. */
  #pause(): void {
    this.#paused = true;
    socketOf(this.#client)?.pause();
  }

  #resume(): void {
    this.#paused = false;
    this.#heardAt = Date.now();
    socketOf(this.#client)?.resume();
  }
}
