import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chooseFreePort } from '../src/embedded/free-port.ts';
import { consoleLogging, propertiesText } from '../src/embedded/java-files.ts';
import type { ConnectArtefacts } from './connect-artefacts.ts';

const STOP_TIMEOUT_MS = 20_000;
/** The heap and collector of Kafka's own start script. */
const JAVA = [
  '-Xms256M',
  '-Xmx2G',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-Djava.awt.headless=true',
];

export interface ConnectOptions {
  readonly artefacts: ConnectArtefacts;
  /** Of this process alone; emptied. */
  readonly folder: string;
  readonly brokers: readonly string[];
  readonly connector: Readonly<Record<string, string>>;
}

/** A fresh Kafka Connect in standalone mode with one connector. */
export class ConnectProcess implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #lines: { readonly atMs: number; readonly text: string }[] = [];
  #ended = false;
  #wake: () => void = () => {};

  private constructor(child: ChildProcess, pid: number, logFile: string) {
    this.#child = child;
    this.pid = pid;
    const log = createWriteStream(logFile);
    if (child.stdout === null) throw new Error('Kafka Connect has no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.write(`${line}\n`);
      const atMs = Number(/^\[(\d+)\]/.exec(line)?.[1] ?? 0);
      if (atMs > 0) this.#lines.push({ atMs, text: line });
      this.#wake();
    });
    child.once('exit', () => {
      this.#ended = true;
      log.end();
      this.#wake();
    });
  }

  static async start({ artefacts, folder, brokers, connector }: ConnectOptions): Promise<ConnectProcess> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const worker = {
      'bootstrap.servers': brokers.join(','),
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'offset.storage.file.filename': join(folder, 'offsets'),
      'offset.flush.interval.ms': '10000',
      'plugin.path': artefacts.plugins,
      listeners: `http://127.0.0.1:${await chooseFreePort([])}`,
    };
    await writeFile(join(folder, 'worker.properties'), propertiesText(worker));
    await writeFile(join(folder, 'connector.properties'), propertiesText(connector), { mode: 0o600 });
    await writeFile(join(folder, 'log4j2.yaml'), consoleLogging('[%d{UNIX_MILLIS}] %p %m (%c)%n'));
    const main = [
      'org.apache.kafka.connect.cli.ConnectStandalone',
      'worker.properties',
      'connector.properties',
    ];
    const args = [
      ...JAVA,
      '-Dlog4j2.configurationFile=log4j2.yaml',
      '-cp',
      join(artefacts.kafka, '*'),
      ...main,
    ];
    const child = spawn('java', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child, 'spawn');
    if (child.pid === undefined) throw new Error('Kafka Connect has no process number');
    return new ConnectProcess(child, child.pid, join(folder, 'connect.log'));
  }

  /** When the first line that matches was written: milliseconds since 1970. Rejects with the end of the log. */
  async line(pattern: RegExp, signal: AbortSignal): Promise<number> {
    for (let seen = 0; ;) {
      for (; seen < this.#lines.length; seen++) {
        const line = this.#lines[seen];
        if (line !== undefined && pattern.test(line.text)) return line.atMs;
      }
      signal.throwIfAborted();
      this.failure();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Throws when it has ended, or its task was given up. */
  failure(): void {
    const killed = this.#lines.find(({ text }) =>
      /Task is being killed|ERROR Stopping after connector error/.test(text),
    );
    if (!this.#ended && killed === undefined) return;
    const tail = this.#lines.slice(-15).map(({ text }) => text);
    throw new Error(`Kafka Connect failed:\n${tail.join('\n')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(hard);
  }
}
