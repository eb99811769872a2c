// Runs before the npm scripts, also on a Node that is too old for the rest of the project: plain
// JavaScript without dependencies. Says nothing when all is well; stdout stays for the script itself.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MIN_NODE = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** npm writes it last: what is newer than the lock file was installed from it. */
const installed = join(root, 'node_modules', '.package-lock.json');
const wanted = join(root, 'package-lock.json');

function fail(message) {
  process.stderr.write(`freshet: ${message}\n`);
  process.exit(1);
}

function isCurrent() {
  if (!existsSync(installed) || !existsSync(join(root, 'node_modules', '.bin', 'node'))) return false;
  return statSync(installed).mtimeMs >= statSync(wanted).mtimeMs;
}

if (Number(process.versions.node.split('.')[0]) < MIN_NODE) {
  fail(
    `Node ${MIN_NODE} or newer is needed to install Freshet, this is ${process.versions.node}. See https://nodejs.org`,
  );
}
if (!isCurrent()) {
  process.stderr.write('freshet: installing dependencies (npm ci), once …\n');
  // npm's stdout goes to our stderr.
  const npm = spawnSync('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.error) fail(`npm could not be run: ${npm.error.message}`);
  if (npm.status !== 0) {
    fail('npm ci failed. Check the network and the npm registry setting, then see its reason with: npm ci');
  }
  if (!isCurrent()) {
    if (!existsSync(installed)) fail('npm ci left no node_modules behind. See its reason with: npm ci');
    const now = new Date();
    utimesSync(installed, now, now);
  }
}
