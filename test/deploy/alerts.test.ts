import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALERTS_FILE } from './expressions.ts';

const isThere = spawnSync('promtool', ['--version']).status === 0;
const MISSING = 'promtool is missing: apt-get install prometheus';

if (!isThere && process.env['CI'] === 'true') throw new Error(MISSING);

describe.skipIf(!isThere)(`the alerts${isThere ? '' : ` (${MISSING})`}`, () => {
  it.each([
    ['are rules that Prometheus takes', ['check', 'rules', 'alerts.yml']],
    ['fire and stay silent as they should', ['test', 'rules', 'alerts.test.yml']],
  ])('%s', (_what, command) => {
    const { status, stdout, stderr } = spawnSync('promtool', command, {
      cwd: dirname(ALERTS_FILE),
      encoding: 'utf8',
    });
    expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
  });
});
