import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BenchContext } from './bench-context.ts';
import { NODE_ARGS, ONE_ARENA } from './child-process.ts';
import type { Figures } from './figures.ts';

const ROOT = join(import.meta.dirname, '..');
/** As in the script `freshet` of package.json. */
const NODE = ['--conditions=freshet-source', ...NODE_ARGS, 'src/main.ts'];
const TABLES = ['public.extracted_positions', 'public.brand_competitors'];

interface Summary {
  readonly rows: number;
  readonly durationMs: number;
}

/**
 * `freshet backfill transform` as it is typed, with no other process running: seconds from the start of
 * the process to its end, and those that its own summary tells. `rows`: what it has to bring.
 */
export async function commandFigures(context: BenchContext, rows: number): Promise<Figures> {
  const name = context.freshName('command');
  const folder = await mkdtemp(join(tmpdir(), 'freshet-bench-'));
  try {
    const config = join(folder, 'freshet.config.mjs');
    const source = { name, slot: name, publication: name, tables: TABLES };
    const input = { sources: [source], topics: { partitions: context.options.partitions } };
    await writeFile(config, `export default ${JSON.stringify(input)};`);
    const startedAt = performance.now();
    const summary = await runCommand(context, config);
    const seconds = (performance.now() - startedAt) / 1_000;
    if (summary.rows !== rows) throw new Error(`the command brought ${summary.rows} rows, not ${rows}`);
    return { 'command.rows': rows, 'command.seconds': seconds, 'command.told_s': summary.durationMs / 1_000 };
  } finally {
    await rm(folder, { recursive: true });
    await context.forget(name);
  }
}

async function runCommand({ services, signal }: BenchContext, config: string): Promise<Summary> {
  const { sourceUrl, targetUrl, kafkaBrokers, registryUrl } = services.urls;
  const env = {
    ...process.env,
    ...ONE_ARENA,
    FRESHET_CONFIG: config,
    FRESHET_SOURCE_URL: sourceUrl,
    FRESHET_TARGET_URL: targetUrl,
    FRESHET_KAFKA_BROKERS: kafkaBrokers.join(','),
    FRESHET_REGISTRY_URL: registryUrl,
  };
  const child = spawn(process.execPath, [...NODE, 'backfill', 'transform', '--json'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const [told, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  // The generated rows have errors in them: exit code 5.
  if (code !== 0 && code !== 5) throw new Error(`freshet backfill transform: code ${code}, ${errors}`);
  return JSON.parse(told) as Summary;
}
