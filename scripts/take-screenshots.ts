/** `npm run docs:screenshots`: pictures of the status page and of the terminal for docs/images, of a demo that runs. Takes some minutes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { runningUrls } from '../src/embedded/background.ts';
import { connect } from '../src/runtime/postgres.ts';
import { launchBrowser } from '../test/support/browser.ts';
import { temporaryDataDir } from '../test/support/services-environment.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { terminalHtml, TerminalScreen } from './screenshots/terminal-screen.ts';

const ROOT = join(import.meta.dirname, '..');
const IMAGES = join(ROOT, 'docs/images');
const ROWS = 4_000;
const COLUMNS = 110;
/** The plots show some minutes; this much is enough to see a curve. */
const BUSY_MS = 45_000;
const SHOTS = [
  { name: 'status-page', width: 1_280, height: 900, colorScheme: 'light' },
  { name: 'status-page-below', width: 1_280, height: 1_300, colorScheme: 'light', from: '#freshness-title' },
  { name: 'status-page-dark', width: 1_280, height: 1_000, colorScheme: 'dark' },
  { name: 'status-page-phone', width: 390, height: 1_600, colorScheme: 'light' },
] as const;

await using data = await temporaryDataDir();
await using folder = await temporaryFolder();
const env = {
  ...process.env,
  FRESHET_CONFIG: writeConfig(),
  FRESHET_DATA_DIR: data.path,
  FRESHET_HTTP_PORT: '0',
  NO_COLOR: '',
  TERM: 'xterm',
};
const demo = start(`stty cols ${COLUMNS} rows 40; npm run --silent demo -- --rows ${ROWS}`);
try {
  mkdirSync(IMAGES, { recursive: true });
  const { url, progress } = await watchTerminal(demo);
  const browser = await launchBrowser();
  await takeTerminal(browser, progress);
  const shop = start(`npm run --silent freshet -- example-data --rows ${ROWS} --changes`);
  await Promise.race([sleep(BUSY_MS), failed(shop), failed(demo)]);
  await poison();
  await takePage(browser, url);
  await browser.close();
  await stop(shop);
} finally {
  await stop(demo);
}

function writeConfig(): string {
  const path = join(folder.path, 'freshet.config.mjs');
  writeFileSync(path, 'export default { embeddings: { enabled: true } };');
  return path;
}

/** In a pseudo-terminal, as progress is for people only. */
function start(command: string): ChildProcess {
  return spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
    cwd: ROOT,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** As a person does, by Ctrl-C. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  // Where it has ended meanwhile there is nobody to tell.
  child.stdin?.on('error', () => {}).write('\u0003');
  await ended;
}

async function failed(child: ChildProcess): Promise<never> {
  await once(child, 'exit');
  throw new Error(`${child.spawnargs.at(-2)} ended too early`);
}

/** The page's URL, and what stood on the terminal while the backfill was well under way. */
async function watchTerminal(child: ChildProcess): Promise<{ url: string; progress: string }> {
  const screen = new TerminalScreen();
  let progress = '';
  for await (const bytes of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    screen.write(String(bytes));
    if (/\b[4-9]\d %/.test(screen.lastLine)) progress ||= screen.text;
    const url = /status page: (http:\S+)\//.exec(screen.text)?.[1];
    if (url === undefined) continue;
    child.stdout?.resume();
    return { url, progress: progress || screen.text };
  }
  throw new Error(`the demo ended:\n${screen.text}`);
}

async function takeTerminal(browser: Browser, text: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 980, height: 420 }, deviceScaleFactor: 2 });
  await page.setContent(terminalHtml('npm run demo', text));
  await page.locator('pre').screenshot({ path: join(IMAGES, 'terminal.png') });
  await page.close();
}

async function takePage(browser: Browser, url: string): Promise<void> {
  for (const { name, width, height, colorScheme, ...below } of SHOTS) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    await page.goto(url);
    await page.waitForSelector('#changes tr:nth-child(8)', { timeout: 60_000 });
    await page.waitForSelector('.letters li', { timeout: 60_000 });
    if ('from' in below) await page.evaluate(`document.querySelector('${below.from}').scrollIntoView()`);
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    process.stdout.write(`docs/images/${name}.png\n`);
    await page.close();
  }
}

/** A change that the target refuses. */
async function poison(): Promise<void> {
  const urls = await runningUrls(env.FRESHET_DATA_DIR);
  if (urls === null) throw new Error('the demo has no services');
  await using target = await connect({ url: urls.targetUrl }, 'screenshots');
  await target.query('ALTER TABLE items ADD CONSTRAINT price_is_no_debt CHECK (price >= 0) NOT VALID');
  await using source = await connect({ url: urls.sourceUrl }, 'screenshots');
  await source.query('UPDATE products SET price = -1 WHERE sku = (SELECT max(sku) FROM products)');
}
