import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  evaluateOptOut,
  evaluationToJson,
  renderEvaluation,
} from '../../../../src/consumers/score/opt-out/evaluate.ts';
import { parseLabelledCsv } from '../../../../src/consumers/score/opt-out/labelled-csv.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../../../../scripts/eval-optout.ts');

const FILE = `message_id,text,opt_out,kind
1,STOP,opt_out,keyword
2,"Reply ""STOP"" to end,\nthanks",not_opt_out,footer
3,Please let this be over,opt_out,vague
4,Leave me alone!,ambiguous,
5,stop texting me,not_opt_out,wrong label
`;

describe('the evaluation of opt-out detection', () => {
  test('leaves ambiguous messages out and lists every misjudged one', () => {
    const result = evaluateOptOut(parseLabelledCsv(FILE, 'file.csv'));
    expect(result).toMatchObject({
      messages: 5,
      ambiguous: 1,
      truePositives: 1,
      trueNegatives: 1,
      precision: 0.5,
      recall: 0.5,
    });
    expect(result.falseNegatives.map(({ message }) => message.id)).toEqual(['3']);
    expect(result.falsePositives.map(({ message }) => message.id)).toEqual(['5']);
    expect(renderEvaluation(result)).toContain('missed       3 [none] Please let this be over');
    expect(evaluationToJson(result)).toMatchObject({
      precision: 0.5,
      recall: 0.5,
      falsePositives: 1,
      falseNegatives: 1,
    });
  });

  test('says that there is nothing to divide by, where there is not', () => {
    const result = evaluateOptOut(parseLabelledCsv('text,opt_out\nhello,not_opt_out\n', 'file.csv'));
    expect(result).toMatchObject({ precision: null, recall: null });
  });

  test('reads quoted commas, quotes and line breaks, a byte order mark and CRLF', () => {
    const rows = parseLabelledCsv('\ufeffopt_out,text\r\nopt_out,"a, ""b""\r\nc"\r\n', 'file.csv');
    expect(rows).toEqual([{ id: 'line 2', text: 'a, "b"\r\nc', label: 'opt_out', kind: '' }]);
  });

  test.each([
    ['', 'f.csv is empty'],
    ['a,b\n1,2\n', 'f.csv has no column "text" (found: a, b)'],
    ['text,opt_out\n', 'f.csv has a header and no rows'],
    ['text,opt_out\nx,maybe\n', 'f.csv line 2: opt_out is "maybe"'],
    ['text,opt_out\nx,opt_out,1\n', 'f.csv line 2 has 3 fields, the header 2'],
    ['text,opt_out\n"x,opt_out\n', 'f.csv line 2 has a quote that is not closed or not escaped'],
  ])('refuses %j', (content, message) => {
    expect(() => parseLabelledCsv(content, 'f.csv')).toThrow(
      expect.objectContaining({ code: 'USAGE', message }) as Error,
    );
  });

  test('prints precision and recall as JSON from the command line, and fails with a cure', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'freshet-eval-'));
    try {
      const file = join(folder, 'labelled.csv');
      await writeFile(file, FILE);
      const { stdout } = await run(process.execPath, [SCRIPT, file, '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ precision: 0.5, recall: 0.5 });
      const failure = run(process.execPath, [SCRIPT, join(folder, 'missing.csv')]);
      await expect(failure).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringContaining('missing.csv cannot be read') as string,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  const labelled =
    process.env['FRESHET_DATA'] === undefined
      ? ''
      : join(process.env['FRESHET_DATA'], 'leads/optout_labelled.csv');
  test.skipIf(!existsSync(labelled))(
    'reaches precision 0.95 and recall 0.85 on real labelled messages (needs FRESHET_DATA)',
    async () => {
      const { stdout } = await run(process.execPath, [SCRIPT, labelled, '--json']);
      const { precision, recall } = JSON.parse(stdout) as { precision: number; recall: number };
      expect(precision).toBeGreaterThanOrEqual(0.95);
      expect(recall).toBeGreaterThanOrEqual(0.85);
    },
  );
});
