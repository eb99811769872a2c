import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigInput } from '../../src/config-schema.ts';
import { startCommand } from './command.ts';
import { services } from './services.ts';
import type { Shop } from './shop.ts';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** `freshet …` as an operator types it, in a folder with the shop's config file. */
export class CommandLine {
  readonly #cwd: string;

  private constructor(cwd: string) {
    this.#cwd = cwd;
  }

  static async in(cwd: string, { source, database }: Shop, more: ConfigInput = {}): Promise<CommandLine> {
    const { url } = database;
    const config = {
      sources: [{ name: source.name, tables: ['public.products'], url }],
      target: { url },
      ...more,
    };
    await writeFile(join(cwd, 'freshet.config.ts'), `export default ${JSON.stringify(config)};\n`);
    return new CommandLine(cwd);
  }

  /** Words are parted by spaces. */
  async run(line: string): Promise<Ended> {
    const { kafkaBrokers, registryUrl } = services();
    const env = {
      FRESHET_KAFKA_BROKERS: kafkaBrokers.join(','),
      FRESHET_REGISTRY_URL: registryUrl,
    };
    const { code, stdout, stderr } = await startCommand(line.split(' '), env, this.#cwd).ended;
    return { code, out: stdout.trim(), error: stderr.trim() };
  }

  async json(line: string, code = 0): Promise<unknown> {
    const ended = await this.run(`${line} --json`);
    if (ended.code !== code) throw new Error(`${line} ended with ${ended.code}: ${ended.error}`);
    return JSON.parse(ended.out);
  }
}
