import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseFreePort } from '../../src/embedded/free-port.ts';
import { until } from '../support/capture.ts';
import { ALERTS_FILE } from './expressions.ts';

export const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;
export const MISSING = 'prometheus is missing: apt-get install prometheus';

/** A real Prometheus that scrapes one process every second, with our alerts. */
export class PrometheusServer implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #url: string;

  private constructor(process: ChildProcess, folder: string, url: string) {
    this.#process = process;
    this.#folder = folder;
    this.#url = url;
  }

  static async start(target: string): Promise<PrometheusServer> {
    const folder = await mkdtemp(join(tmpdir(), 'freshet-prometheus-'));
    const config = join(folder, 'prometheus.yml');
    const port = await chooseFreePort([]);
    await writeFile(
      config,
      JSON.stringify({
        global: { scrape_interval: '1s', evaluation_interval: '5s' },
        rule_files: [ALERTS_FILE],
        scrape_configs: [{ job_name: 'freshet', static_configs: [{ targets: [target] }] }],
      }),
    );
    const options = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = spawn('prometheus', options, { stdio: 'ignore' });
    const server = new PrometheusServer(child, folder, `http://127.0.0.1:${port}`);
    await until('Prometheus is ready', () => server.#isReady());
    return server;
  }

  /** How many series an expression gives now. Throws what Prometheus says against it. */
  async series(expr: string): Promise<number> {
    const response = await fetch(
      `${this.#url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`,
    );
    const answer = (await response.json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data?: { readonly resultType: string; readonly result: readonly unknown[] };
    };
    if (answer.data === undefined) throw new Error(`${expr}: ${answer.error}`);
    return answer.data.resultType === 'scalar' ? 1 : answer.data.result.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.#url}/-/ready`)).ok;
    } catch {
      return false;
    }
  }
}
