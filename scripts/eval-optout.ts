import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  evaluateOptOut,
  evaluationToJson,
  renderEvaluation,
} from '../src/consumers/score/opt-out/evaluate.ts';
import { parseLabelledCsv } from '../src/consumers/score/opt-out/labelled-csv.ts';
import { FreshetError, isFreshetError } from '../src/runtime/errors.ts';

const USAGE = 'npm run eval:optout -- FILE.csv [--json]';

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args);
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) {
    throw new FreshetError('USAGE', `Expected one file, got ${positionals.length}`, { cure: USAGE });
  }
  const result = evaluateOptOut(parseLabelledCsv(await readText(file), file));
  process.stdout.write(
    `${values.json ? JSON.stringify(evaluationToJson(result), null, 2) : renderEvaluation(result)}\n`,
  );
}

function readArguments(args: readonly string[]): { values: { json: boolean }; positionals: string[] } {
  try {
    const options = { json: { type: 'boolean', default: false } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new FreshetError('USAGE', cause instanceof Error ? cause.message : String(cause), {
      cause,
      cure: USAGE,
    });
  }
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const why =
      cause instanceof TypeError
        ? 'is not UTF-8'
        : `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`;
    throw new FreshetError('USAGE', `${file} ${why}`, { cause, cure: USAGE });
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!isFreshetError(error)) throw error;
  process.stderr.write(`${error.message}\n${error.cure}\n`);
  process.exitCode = error.exitCode;
}
