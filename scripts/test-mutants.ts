/**
 * `npm run test:mutants [name]`: breaks a copy of the project in every way that test/mutants/mutants.ts lists, and
 * demands that something fails: the model's named and random histories, else the unit tests, else many more random
 * histories. A mutant with tests of its own is given to those. Fails on a mutant that survives, and on one whose
 * text is no longer in the code.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mutant, MUTANTS } from '../test/mutants/mutants.ts';

/** What caught a mutant; null where nothing did. */
type Catch = string | null;

const FEW_HISTORIES = 300;
const MANY_HISTORIES = 5_000;
const SEED = '1';
const TIMEOUT_MS = 600_000;
const COPIED = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const UNIT_TESTS = ['test/capture', 'test/snapshot', 'test/source'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

function histories(folder: string, runs: number): Catch {
  const args = ['test/model/campaign.ts', String(runs), SEED];
  const options = { cwd: folder, encoding: 'utf8', timeout: TIMEOUT_MS } as const;
  const { stdout, stderr } = spawnSync(process.execPath, args, options);
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`the model did not run: ${stderr}`);
  const { law, after } = JSON.parse(line) as { law: string | null; after: number | string };
  if (law === null) return null;
  return `law "${law}", ${typeof after === 'number' ? `${after} histories` : `history ${after}`}`;
}

interface Report {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function tests(folder: string, project: 'unit' | 'integration', paths: readonly string[]): Catch {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = ['run', '--project', project, '--bail', '1', '--reporter=json', `--outputFile=${report}`];
  const options = { cwd: folder, encoding: 'utf8', timeout: TIMEOUT_MS } as const;
  const { stderr } = spawnSync(process.execPath, [vitest, ...args, ...paths], options);
  const { numTotalTests, testResults } = readReport(report, stderr);
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed !== undefined) return `test "${failed.fullName}"`;
    // What does not even load is a mutant that was written badly.
    if (message !== '') throw new Error(`${name}: ${message}`);
  }
  if (numTotalTests === 0) throw new Error(`no test is in ${paths.join(', ')}`);
  return null;
}

function readReport(path: string, stderr: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch (error) {
    throw new Error(`the tests did not run: ${stderr}`, { cause: error });
  }
}

function catchOf(folder: string, { tests: own }: Mutant): Catch {
  if (own !== undefined) return tests(folder, 'integration', own);
  return (
    histories(folder, FEW_HISTORIES) ?? tests(folder, 'unit', UNIT_TESTS) ?? histories(folder, MANY_HISTORIES)
  );
}

/** Runs `judge` while the mutant is in the code; undefined where its text is not there, or not once. */
function withMutant(folder: string, mutant: Mutant, judge: () => Catch): Catch | undefined {
  const path = join(folder, mutant.file);
  const text = readFileSync(path, 'utf8');
  if (text.split(mutant.find).length !== 2) return undefined;
  writeFileSync(
    path,
    text.replace(mutant.find, () => mutant.replace),
  );
  try {
    return judge();
  } finally {
    writeFileSync(path, text);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'freshet-mutants-'));
const wanted = process.argv[2] ?? '';
let failures = 0;
try {
  for (const path of COPIED) cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  process.stdout.write('| mutant | caught by | seconds |\n| --- | --- | ---: |\n');
  const mutants = MUTANTS.filter(({ name }) => name.includes(wanted));
  for (const mutant of mutants) {
    const startedAt = performance.now();
    const found = withMutant(folder, mutant, () => catchOf(folder, mutant));
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const caught =
      found === undefined ? `**no longer applies to ${mutant.file}**` : (found ?? '**survives**');
    if (found === undefined || found === null) failures += 1;
    process.stdout.write(`| ${mutant.name} | ${caught} | ${seconds} |\n`);
  }
  const verdict = failures === 0 ? 'every mutant is caught' : `${failures} failed`;
  process.stdout.write(`${mutants.length} mutants: ${verdict}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
