/** `npm test`: every check, then every test; the last line is the sum, `N passed, N failed`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Tally {
  passed: number;
  failed: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const CHECKS = ['check:format', 'check:lint', 'check:types', 'check:unused'];

/** A check counts as one test. */
function runCheck(script: string): Tally {
  const ok = spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit' }).status === 0;
  process.stdout.write(`${ok ? '✓' : '✗'} ${script}\n`);
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function runTests(): Tally {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-report-'));
  const file = join(folder, 'report.json');
  try {
    const args = ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { status } = spawnSync('npx', ['--no-install', ...args], { stdio: 'inherit' });
    return tally(readReport(file), status === 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readReport(file: string): VitestReport | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  } catch {
    return null;
  }
}

/** A file that could not be loaded has no tests, and a run can fail outside its tests: each counts as one failure. */
function tally(report: VitestReport | null, ok: boolean): Tally {
  if (report === null) return { passed: 0, failed: 1 };
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const failed = report.numFailedTests + unloaded.length;
  return { passed: report.numPassedTests, failed: ok ? failed : Math.max(failed, 1) };
}

const tallies = [...CHECKS.map(runCheck), runTests()];
const passed = tallies.reduce((sum, each) => sum + each.passed, 0);
const failed = tallies.reduce((sum, each) => sum + each.failed, 0);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
