/**
 * `npm run test:mutants [name]`: breaks a copy of the capture in every way that test/mutants/mutants.ts lists,
 * runs the model against it, and demands that a law breaks. Fails on a mutant that survives, and on one
 * whose text is no longer in the code.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mutant, MUTANTS } from '../test/mutants/mutants.ts';

interface Outcome {
  readonly law: string | null;
  /** A count of random histories, or the named history. */
  readonly after: number | string;
  readonly seconds: number;
}

const RUNS = '3000';
const SEED = '1';
const COPIED = ['src', 'test/model', 'test/topics/codec/memory-registry.ts', 'package.json'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

function campaign(folder: string): Outcome {
  const args = ['test/model/campaign.ts', RUNS, SEED];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 600_000,
  });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`the model did not run: ${stderr}`);
  return JSON.parse(line) as Outcome;
}

/** Null where the mutant's text is not there, or not once. */
function tryMutant(folder: string, { file, find, replace }: Mutant): Outcome | null {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) return null;
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  try {
    return campaign(folder);
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
  process.stdout.write(
    '| mutant | caught by law | after histories | seconds |\n| --- | --- | ---: | ---: |\n',
  );
  for (const mutant of MUTANTS.filter(({ name }) => name.includes(wanted))) {
    const outcome = tryMutant(folder, mutant);
    if (outcome === null) {
      failures += 1;
      process.stdout.write(`| ${mutant.name} | **no longer applies to ${mutant.file}** | | |\n`);
      continue;
    }
    if (outcome.law === null) failures += 1;
    process.stdout.write(
      `| ${mutant.name} | ${outcome.law ?? '**survives**'} | ${outcome.after} | ${outcome.seconds} |\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${failures === 0 ? 'every mutant is caught' : `${failures} failed`}\n`);
process.exitCode = failures === 0 ? 0 : 1;
