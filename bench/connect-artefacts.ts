import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Artefact, fetchArtefact, KAFKA } from '../src/embedded/artefacts.ts';

const run = promisify(execFile);
const DEBEZIUM_VERSION = '3.7.0.Final';
const CONVERTER_VERSION = '2.6.13.Final';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const CACHE_DIR = join(homedir(), '.cache', 'freshet');

/** What Kafka Connect itself brings must not be in a plugin's folder. */
const OF_CONNECT =
  /^(connect-api|connect-json|jakarta\.ws\.rs-api|kafka-clients|slf4j-api|lz4-java|snappy-java|zstd-jni)-/;

const PLUGINS: Artefact = {
  title: `Debezium ${DEBEZIUM_VERSION} and Apicurio's Avro converter ${CONVERTER_VERSION} (60 MB)`,
  folder: `bench-connect-${DEBEZIUM_VERSION}-${CONVERTER_VERSION}`,
  async fill(into, signal) {
    await copyPlugin(
      join(into, 'debezium'),
      'io.debezium',
      'debezium-connector-postgres',
      DEBEZIUM_VERSION,
      signal,
    );
    await copyPlugin(
      join(into, 'avro'),
      'io.apicurio',
      'apicurio-registry-utils-converter',
      CONVERTER_VERSION,
      signal,
    );
  },
};

export interface ConnectArtefacts {
  /** Folder of Kafka's jars, Connect's among them. */
  readonly kafka: string;
  /** Connect's `plugin.path`. */
  readonly plugins: string;
}

export async function fetchConnect(
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<ConnectArtefacts> {
  const told = (title: string): void => note(`fetching ${title}`);
  const kafka = await fetchKafka(signal, note);
  return { kafka, plugins: await fetchArtefact(CACHE_DIR, PLUGINS, signal, told) };
}

export async function fetchKafka(signal: AbortSignal, note: (text: string) => void): Promise<string> {
  return fetchArtefact(CACHE_DIR, KAFKA, signal, (title) => note(`fetching ${title}`));
}

async function copyPlugin(
  into: string,
  group: string,
  artefact: string,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(into, { recursive: true });
  const pom = join(into, 'pom.xml');
  await writeFile(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>freshet</groupId><artifactId>bench-${artefact}</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency><groupId>${group}</groupId><artifactId>${artefact}</artifactId><version>${version}</version></dependency></dependencies>
</project>
`,
  );
  const args = [
    '--quiet',
    '--batch-mode',
    '-f',
    pom,
    COPY,
    '-DincludeScope=runtime',
    `-DoutputDirectory=${into}`,
  ];
  await run('mvn', args, { signal });
  const surplus = (await readdir(into)).filter((file) => OF_CONNECT.test(file));
  await Promise.all(surplus.map((file) => rm(join(into, file))));
}
