import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FreshetError } from '../runtime/errors.ts';

const run = promisify(execFile);
const MIN_JAVA = 17;
const INSTALL =
  'Install one (Debian: apt-get install openjdk-17-jre-headless), or give the URLs of a running Kafka and registry.';

/** Resolves with the major version of the `java` on the PATH. Throws PREFLIGHT when it is missing or too old. */
export async function requireJava(): Promise<number> {
  const output = await run('java', ['-version']).catch((cause: unknown) => {
    throw new FreshetError(
      'PREFLIGHT',
      `Kafka and the registry need Java ${MIN_JAVA} or newer: no java could be run`,
      {
        cause,
        cure: INSTALL,
      },
    );
  });
  const version = parseJavaVersion(output.stderr + output.stdout);
  if (version !== null && version >= MIN_JAVA) return version;
  const found = version === null ? 'one of unknown version' : `Java ${version}`;
  throw new FreshetError(
    'PREFLIGHT',
    `Kafka and the registry need Java ${MIN_JAVA} or newer, the PATH has ${found}`,
    {
      cure: INSTALL,
    },
  );
}

/** From `java -version`: `"17.0.15"` is 17, `"1.8.0_402"` is 8. */
export function parseJavaVersion(output: string): number | null {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match?.[1] === undefined ? null : Number(match[1]);
}
