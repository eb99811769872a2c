import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type KafkaConfig, REQUEST_TIMEOUT_MS } from '../kafka-config.ts';
import { BrokerError, ConnectionLostError, UnreachableError } from './broker-error.ts';
import { FETCH_APIS } from './fetch-requests.ts';
import { GROUP_APIS } from './group-requests.ts';
import {
  type Api,
  apiVersions,
  type BrokerAddress,
  NEEDED_APIS,
  SASL_AUTHENTICATE,
  saslAuthenticate,
  saslHandshake,
  type VersionRange,
  type WireRequest,
} from './requests.ts';
import { authenticate } from './sasl.ts';
import { WireReader, WireWriter } from './wire-format.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;
/** Longer than any answer that is asked for; such a length is not Kafka's. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Up to this, copying the parts into one costs less than handing each to the socket. */
const SMALL_REQUEST_BYTES = 64 * 1024;
/** Of a login's lifetime: then the connection is made anew, before the broker ends it. */
const LOGIN_SHARE = 0.8;

interface Waiting {
  readonly correlationId: number;
  readonly timer: NodeJS.Timeout;
  readonly settle: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** One logged-in connection. The broker answers in the order of the requests. */
export class BrokerConnection {
  readonly #socket: Socket;
  readonly #clientId: string;
  readonly #address: string;
  readonly #requestTimeoutMs: number;
  readonly #onSilence: () => void;
  readonly #waiting: Waiting[] = [];
  readonly #received = new AnswerBuffer();
  #correlationId = 0;
  #loginEndsAt = Number.POSITIVE_INFINITY;
  #lost: ConnectionLostError | null = null;

  private constructor(socket: Socket, config: KafkaConfig, address: string, onSilence: () => void) {
    this.#onSilence = onSilence;
    this.#socket = socket;
    this.#clientId = config.clientId;
    this.#requestTimeoutMs = config.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#address = address;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#lose(`the connection to ${address} failed: ${error.message}`, error));
    socket.on('end', () => this.#lose(`${address} closed the connection`));
    socket.on('close', () => this.#lose(`${address} closed the connection`));
  }

  /** `onSilence`: called when a request stays without an answer. Throws UnreachableError, BrokerError when the login is refused. */
  static async open(
    config: KafkaConfig,
    address: BrokerAddress,
    onSilence: () => void,
  ): Promise<BrokerConnection> {
    const name = `${address.host}:${address.port}`;
    const socket = await openSocket(config, address).catch((error: Error) => {
      throw new UnreachableError(name, error);
    });
    const connection = new BrokerConnection(socket, config, name, onSilence);
    try {
      await connection.#introduce(config);
      return connection;
    } catch (error) {
      connection.close();
      throw error instanceof ConnectionLostError ? new UnreachableError(name, error) : error;
    }
  }

  /** False: lost, or its login ends soon. */
  get isUsable(): boolean {
    return this.#lost === null && Date.now() < this.#loginEndsAt;
  }

  /** Throws the broker's BrokerError; ConnectionLostError when it is unknown what the broker did. */
  send<T>(request: WireRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) throw this.#lost;
      const correlationId = this.#correlationId++ & 0x7fffffff;
      const { timeoutMs = this.#requestTimeoutMs } = request;
      const timer = setTimeout(() => {
        this.#onSilence();
        this.#lose(`${this.#address} did not answer ${request.api.name} within ${timeoutMs} ms`);
      }, timeoutMs);
      const settle = (answer: Buffer): void => resolve(request.read(new WireReader(answer)));
      this.#waiting.push({ correlationId, timer, settle, reject });
      this.#write(request.api, request.version, correlationId, request.body);
    });
  }

  close(): void {
    this.#lose('the connection was closed');
  }

  /** Nothing waits for an answer. */
  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  async #introduce({ sasl }: KafkaConfig): Promise<void> {
    const versions = await this.send(apiVersions());
    for (const api of [...NEEDED_APIS, ...FETCH_APIS, ...GROUP_APIS])
      requireVersion(api, versions.get(api.key), this.#address);
    if (sasl === undefined) return;
    await this.send(saslHandshake(sasl.mechanism.toUpperCase()));
    const version = Math.min(SASL_AUTHENTICATE.version, versions.get(SASL_AUTHENTICATE.key)?.max ?? 0);
    await authenticate(sasl, async (token) => {
      const answer = await this.send(saslAuthenticate(token, version));
      if (answer.lifetimeMs > 0) this.#loginEndsAt = Date.now() + answer.lifetimeMs * LOGIN_SHARE;
      return answer.token;
    });
  }

  #write(api: Api, version: number, correlationId: number, body: readonly Buffer[]): void {
    const header = new WireWriter()
      .int16(api.key)
      .int16(version)
      .int32(correlationId)
      .string(this.#clientId)
      .take();
    const length = body.reduce((sum, part) => sum + part.length, header.length);
    const parts = [new WireWriter().int32(length).take(), header, ...body];
    if (length <= SMALL_REQUEST_BYTES) {
      this.#socket.write(Buffer.concat(parts));
      return;
    }
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  #receive(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#lost === null) {
      at += this.#received.put(chunk, at);
      const { announced } = this.#received;
      if (announced !== null && (announced < 4 || announced > MAX_ANSWER_BYTES)) {
        this.#lose(`${this.#address} does not speak Kafka's protocol, or wants TLS`);
        return;
      }
      const answer = this.#received.take();
      if (answer !== null) this.#answer(answer);
    }
  }

  #answer(answer: Buffer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined || answer.readInt32BE(0) !== waiting.correlationId) {
      if (waiting !== undefined) this.#waiting.unshift(waiting);
      this.#lose(`${this.#address} answered something that was not asked`);
      return;
    }
    clearTimeout(waiting.timer);
    try {
      waiting.settle(answer.subarray(4));
    } catch (error) {
      if (error instanceof BrokerError) {
        waiting.reject(error);
        return;
      }
      const cause = error instanceof Error ? error : new Error(String(error));
      waiting.reject(
        new ConnectionLostError(`an answer of ${this.#address} cannot be read: ${cause.message}`, cause),
      );
      this.#lose(`an answer of ${this.#address} cannot be read`);
    }
  }

  #lose(message: string, cause?: Error): void {
    if (this.#lost !== null) return;
    this.#lost = new ConnectionLostError(message, cause);
    this.#socket.destroy();
    for (const { timer, reject } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(this.#lost);
    }
  }
}

/** Collects one answer, copying each piece once: an answer can hold megabytes of records. */
class AnswerBuffer {
  readonly #length = Buffer.alloc(4);
  #lengthBytes = 0;
  #body: Buffer | null = null;
  #bodyBytes = 0;

  /** The body's length, once it is known. */
  get announced(): number | null {
    return this.#lengthBytes < 4 ? null : this.#length.readInt32BE(0);
  }

  /** Takes what belongs to the current answer, and gives the number of bytes taken. */
  put(chunk: Buffer, from: number): number {
    if (this.#lengthBytes < 4) {
      const copied = chunk.copy(this.#length, this.#lengthBytes, from);
      this.#lengthBytes += copied;
      return copied;
    }
    const length = this.announced ?? 0;
    this.#body ??= Buffer.allocUnsafeSlow(length);
    const copied = chunk.copy(this.#body, this.#bodyBytes, from);
    this.#bodyBytes += copied;
    return copied;
  }

  /** The whole answer; null as long as a part is missing. The next one begins then. */
  take(): Buffer | null {
    const body = this.#body;
    if (body === null || this.#bodyBytes < body.length) return null;
    this.#lengthBytes = 0;
    this.#bodyBytes = 0;
    this.#body = null;
    return body;
  }
}

function requireVersion(api: Api, spoken: VersionRange | undefined, address: string): void {
  if (spoken !== undefined && spoken.min <= api.version && api.version <= spoken.max) return;
  const range = spoken === undefined ? 'does not know it' : `takes ${spoken.min} to ${spoken.max}`;
  throw new BrokerError(
    35,
    `${api.name} in version ${api.version}`,
    `${address} ${range}; Kafka 2.1 or newer is needed`,
  );
}

function openSocket({ ssl }: KafkaConfig, { host, port }: BrokerAddress): Promise<Socket> {
  const to = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  const isTls = ssl !== undefined && ssl !== false;
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = isTls ? connectTls({ ...to, ...name, ...(ssl === true ? {} : ssl) }) : connectPlain(to);
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new Error(`no answer within ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    );
    socket.once('error', fail);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
