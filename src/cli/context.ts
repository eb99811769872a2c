import {
  type Config,
  type Environment,
  loadConfigFile,
  type LoadedConfig,
  resolveConfig,
} from '../config.ts';
import { runningUrls } from '../embedded/background.ts';

/** What a command gets from outside. */
export interface CommandContext {
  readonly env: Environment;
  readonly cwd: string;
}

export interface JsonOption {
  readonly json?: boolean;
}

export async function parsedConfig({ env, cwd }: CommandContext): Promise<LoadedConfig> {
  return loadConfigFile(env, cwd);
}

/** The config with its places known: configured, or those of embedded services in the background. */
export async function config(context: CommandContext): Promise<Config> {
  const parsed = await parsedConfig(context);
  return resolveConfig(parsed, context.env, await runningUrls(parsed.dataDir));
}
