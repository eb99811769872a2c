import { execFile } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fetchArtefact, KAFKA } from '../../src/embedded/artefacts.ts';
import { createDataDir, openDataFolder } from '../../src/embedded/data-folder.ts';
import { chooseFreePort } from '../../src/embedded/free-port.ts';
import { prepareKafka } from '../../src/embedded/kafka.ts';
import { ServiceProcess } from '../../src/embedded/service-process.ts';
import { cacheDir, temporaryDataDir } from './services-environment.ts';
import { StallingProxy } from './stalling-proxy.ts';

const run = promisify(execFile);

export const USER = { username: 'freshet', password: 'pass-word' } as const;

/** A broker of its own, which lets clients in with a password at one address and through a proxy at another. */
export interface GuardedBroker extends AsyncDisposable {
  /** Asks for a login: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
  readonly guarded: string;
  /** Clients stay behind the proxy, as the broker calls itself by its address. */
  readonly proxied: string;
  readonly proxy: StallingProxy;
}

export async function startGuardedBroker(): Promise<GuardedBroker> {
  const stack = new AsyncDisposableStack();
  try {
    const dataDir = stack.use(await temporaryDataDir());
    const folder = await openDataFolder(await createDataDir(dataDir.path));
    const cache = cacheDir(process.env).cacheDir ?? join(homedir(), '.cache', 'freshet');
    const jars = await fetchArtefact(cache, KAFKA, new AbortController().signal, () => {});
    const plan = await prepareKafka(folder, jars);
    const { kafka, kafkaController, postgres: guarded } = folder.ports;
    const behind = await chooseFreePort(Object.values(folder.ports));
    const proxy = stack.use(await StallingProxy.open({ host: '127.0.0.1', port: behind }));
    const ports = { kafka, kafkaController, guarded, behind, proxy: proxy.port };
    // Of a property that is set twice, the last one holds.
    await appendFile(join(folder.path, 'kafka', 'server.properties'), properties(ports));
    const broker = await ServiceProcess.launch(plan);
    stack.defer(() => broker.stop({ immediate: true }));
    await broker.untilReady(new AbortController().signal);
    await addScramUser(jars, kafka);
    const running = stack.move();
    return {
      guarded: `127.0.0.1:${guarded}`,
      proxied: `127.0.0.1:${proxy.port}`,
      proxy,
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Ports {
  readonly kafka: number;
  readonly kafkaController: number;
  readonly guarded: number;
  readonly behind: number;
  readonly proxy: number;
}

function properties({ kafka, kafkaController, guarded, behind, proxy }: Ports): string {
  const at = (name: string, port: number): string => `${name}://127.0.0.1:${port}`;
  const open = [at('PLAINTEXT', kafka), at('GUARDED', guarded)];
  const login = 'org.apache.kafka.common.security';
  const scram = `${login}.scram.ScramLoginModule required;`;
  const settings = {
    listeners: [...open, at('PROXIED', behind), at('CONTROLLER', kafkaController)].join(','),
    'advertised.listeners': [...open, at('PROXIED', proxy)].join(','),
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,GUARDED:SASL_PLAINTEXT',
    'listener.name.guarded.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.guarded.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_${USER.username}="${USER.password}";`,
    'listener.name.guarded.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.guarded.scram-sha-512.sasl.jaas.config': scram,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Kafka keeps what proves a SCRAM password in its metadata; it takes one mechanism of a user at a time. */
async function addScramUser(jars: string, port: number): Promise<void> {
  const tool = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*')];
  const alter = ['kafka.admin.ConfigCommand', '--bootstrap-server', `127.0.0.1:${port}`, '--alter'];
  const user = ['--entity-type', 'users', '--entity-name', USER.username];
  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    const secret = `${mechanism}=[password=${USER.password}]`;
    await run('java', [...tool, ...alter, '--add-config', secret, ...user]);
  }
}
