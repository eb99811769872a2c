import { servicesDown, servicesStatus, servicesUp } from '../../embedded/background.ts';
import { type CommandContext, type JsonOption, parsedConfig } from '../context.ts';
import { openTerminal } from '../terminal.ts';

export async function servicesUpCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const { dataDir } = await parsedConfig(context);
  const urls = await servicesUp(dataDir, {
    ...(context.env.FRESHET_CACHE_DIR === undefined ? {} : { cacheDir: context.env.FRESHET_CACHE_DIR }),
    onProgress: (service, state, detail) => {
      if (!terminal.json) terminal.note(`${service}: ${state}${detail === undefined ? '' : ` ${detail}`}`);
    },
  });
  if (terminal.json) {
    terminal.out(JSON.stringify(urls));
    return;
  }
  terminal.out(`FRESHET_SOURCE_URL=${urls.sourceUrl}`);
  terminal.out(`FRESHET_TARGET_URL=${urls.targetUrl}`);
  terminal.out(`FRESHET_KAFKA_BROKERS=${urls.kafkaBrokers.join(',')}`);
  terminal.out(`FRESHET_REGISTRY_URL=${urls.registryUrl}`);
}

export async function servicesDownCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const { dataDir } = await parsedConfig(context);
  const stopped = await servicesDown(dataDir);
  terminal.out(terminal.json ? JSON.stringify({ stopped }) : stopped ? 'stopped' : 'nothing was running');
}

export async function servicesStatusCommand(context: CommandContext, options: JsonOption): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const { dataDir } = await parsedConfig(context);
  const services = await servicesStatus(dataDir);
  if (terminal.json) terminal.out(JSON.stringify(services));
  else
    for (const { service, state, url, pid } of services)
      terminal.out(`${service.padEnd(9)} ${state.padEnd(8)} ${url ?? ''} ${pid ?? ''}`);
}
