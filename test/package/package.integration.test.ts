import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { services } from '../support/services.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/capture.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const APP = join(import.meta.dirname, 'app');
const MINUTE = 60_000;

/** A folder of its own with the packed package installed, as its users have it. */
async function install(folder: string): Promise<string> {
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT });
  const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  const app = join(folder, 'app');
  await mkdir(app);
  for (const name of await readdir(APP)) {
    const text = await readFile(join(APP, name), 'utf8');
    await writeFile(join(app, name.replace(/\.txt$/, '')), text);
  }
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const typescript = `typescript@${manifest.devDependencies['typescript']}`;
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await run('npm', ['install', ...quiet, join(folder, tarball), typescript], { cwd: app });
  return app;
}

/** Ends it with its scope; `ended` rejects when it ends before that. */
function whileRuns(child: ChildProcess): { readonly ended: Promise<never> } & AsyncDisposable {
  const exited = once(child, 'exit');
  const ended = exited.then(([code, signal]) => {
    throw new Error(`it ended with ${String(code ?? signal)}`);
  });
  ended.catch(() => {});
  return {
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

it(
  'the packed package, installed elsewhere, checks and runs a pipeline of its user',
  async () => {
    await using folder = await temporaryFolder();
    const app = await install(folder.path);
    await run('npx', ['--no-install', 'tsc', '--noEmit'], { cwd: app });
    const misspelt = (await readFile(join(app, 'labels.ts'), 'utf8')).replace('label:', 'lable:');
    await writeFile(join(app, 'misspelt.ts'), misspelt);
    const refused = await run('npx', ['--no-install', 'tsc', '--noEmit'], { cwd: app }).catch(
      (error: { stdout: string }) => error,
    );
    expect(refused.stdout).toContain("'lable' does not exist");

    await run('npx', ['--no-install', 'node', 'check.ts'], { cwd: app });

    await using source = await createDatabase();
    await using target = await createDatabase();
    await source.pool.query('CREATE TABLE products (sku text PRIMARY KEY, name text)');
    await source.pool.query(`INSERT INTO products VALUES ('a', 'Lamp'), ('b', NULL)`);
    const freshet = spawn('npx', ['--no-install', 'freshet', 'run'], {
      cwd: app,
      env: {
        ...process.env,
        FRESHET_SOURCE_URL: source.url,
        FRESHET_TARGET_URL: target.url,
        FRESHET_KAFKA_BROKERS: services().kafkaBrokers.join(','),
        FRESHET_REGISTRY_URL: services().registryUrl,
        FRESHET_HTTP_PORT: '0',
        APP_NAME: source.name.replaceAll('_', '-'),
      },
    });
    let output = '';
    freshet.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const labels = async (): Promise<unknown[]> =>
      (await target.pool.query('SELECT sku, label FROM labels ORDER BY sku').catch(() => ({ rows: [] })))
        .rows;
    await using running = whileRuns(freshet);
    try {
      await Promise.race([
        until('the labels are there', async () => (await labels()).length === 2),
        running.ended,
      ]);
      await source.pool.query(`UPDATE products SET name = 'Lamp 2' WHERE sku = 'a'`);
      await source.pool.query(`DELETE FROM products WHERE sku = 'b'`);
      // In two partitions: each comes when it comes.
      const changed = JSON.stringify([{ sku: 'a', label: 'Lamp 2' }]);
      await until('the changes are there', async () => JSON.stringify(await labels()) === changed);
    } catch (error) {
      throw new Error(`freshet run said:\n${output}`, { cause: error });
    }
  },
  4 * MINUTE,
);
