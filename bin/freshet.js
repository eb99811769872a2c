#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --disable-warning=TimeoutNegativeWarning --disable-warning=MODULE_TYPELESS_PACKAGE_JSON --max-semi-space-size=8 --heap-growing-percent=150 --no-allocation-site-pretenuring
// Plain JavaScript for any Node: an old one hands over to the Node 24 that is installed beside Freshet.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const MIN_NODE = 24;
const PREFLIGHT = 3;

if (Number(process.versions.node.split('.')[0]) >= MIN_NODE) await import('../dist/main.js');
else handOver(packagedNode());

function packagedNode() {
  const { platform, arch } = process;
  const name = `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'node');
  } catch {
    process.stderr.write(
      `freshet: Node ${MIN_NODE} or newer is needed, this is ${process.versions.node}, and ${name} is not installed.\n` +
        `Install Node ${MIN_NODE}, or install Freshet's optional dependencies: npm i --include=optional\n`,
    );
    return process.exit(PREFLIGHT);
  }
}

function handOver(node) {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(node, args, { stdio: 'inherit' });
  // Ctrl-C reaches the child by the terminal; what is sent to this process alone is handed on.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(each);
    process.kill(process.pid, signal);
  });
}
