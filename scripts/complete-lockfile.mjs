// Run after a dependency was added: npm leaves optional packages of other platforms out of the lock
// file when the registry in use does not carry them, and `npm ci` then refuses that lock file
// everywhere. This adds their entries, from what their dependents say and their names tell.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../package-lock.json', import.meta.url);
const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const CPU = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x'];
const lock = JSON.parse(readFileSync(FILE, 'utf8'));

function entry(name, version, dev) {
  const words = name.split('/').pop().split('-');
  const os = OS.find((each) => words.includes(each));
  const cpu = CPU.find((each) => words.includes(each));
  if (os === undefined || cpu === undefined)
    throw new Error(`${name}: its platform cannot be told from its name`);
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc && { libc: [libc] }),
    optional: true,
    os: [os],
  };
}

for (const [path, { dev, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (!/^\d/.test(version)) continue;
    const nested = lock.packages[`${path}/node_modules/${name}`];
    const hoisted = (lock.packages[`node_modules/${name}`] ??= entry(name, version, dev));
    if (!nested && hoisted.version !== version)
      throw new Error(`${name} is needed in ${version}, locked is ${hoisted.version}`);
  }
}
const packages = Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(FILE, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
