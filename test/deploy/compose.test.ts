import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import config from '../../deploy/compose/freshet.config.ts';
import { createProgram } from '../../src/cli/program.ts';
import { ENVIRONMENT, parseConfig, resolveConfig } from '../../src/config.ts';
import { demoExamples } from '../../src/demo/examples.ts';
import { runbookRoutes } from '../../src/metrics/page/page-files.ts';
import { alertRules } from './expressions.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): unknown => parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true });

const duration = z.string().regex(/^\d+(ms|s|m)$/);
const text = z.union([z.string(), z.number(), z.boolean()]);

/** What of the Compose specification the file uses, and nothing else. */
const composeFile = z.strictObject({
  name: z.string(),
  'x-freshet': z.unknown(),
  'x-places': z.unknown(),
  services: z.record(
    z.string(),
    z.strictObject({
      image: z.string(),
      build: z.string().optional(),
      init: z.boolean().optional(),
      read_only: z.boolean().optional(),
      tmpfs: z.array(z.string()).optional(),
      cap_drop: z.array(z.string()).optional(),
      security_opt: z.array(z.string()).optional(),
      command: z.array(z.string()).optional(),
      environment: z.record(z.string(), text).default({}),
      profiles: z.array(z.string()).optional(),
      depends_on: z
        .record(
          z.string(),
          z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }),
        )
        .default({}),
      configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).default([]),
      ports: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
      healthcheck: z
        .strictObject({
          test: z.array(z.string()),
          interval: duration,
          timeout: duration,
          retries: z.int(),
          start_period: duration.optional(),
        })
        .optional(),
      stop_signal: z.string().optional(),
      stop_grace_period: duration.optional(),
      restart: z.enum(['no', 'on-failure']).optional(),
    }),
  ),
  configs: z.record(z.string(), z.strictObject({ content: z.string() })),
  volumes: z.record(z.string(), z.null()),
});

const isPath = ([from]: readonly string[]): boolean => from?.startsWith('./') === true;
const compose = composeFile.parse(read('docker-compose.yml'));
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image.startsWith('freshet:'));

describe('docker-compose.yml', () => {
  it.skipIf(spawnSync('docker', ['compose', 'version']).status !== 0)('is what docker compose takes', () => {
    const { status, stderr } = spawnSync('docker', ['compose', '--profile', 'demo', 'config', '--quiet'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });

  it.each(services)('%s has a pinned image and waits for what is there', (_name, { image, depends_on }) => {
    expect(image).toMatch(/:[a-z]*v?\d+[\w.-]*$/);
    const missing = Object.entries(depends_on).filter(([other, { condition }]) => {
      const awaited = compose.services[other];
      return awaited === undefined || (condition === 'service_healthy' && awaited.healthcheck === undefined);
    });
    expect(missing).toEqual([]);
  });

  it.each(services)('%s can be reached from this machine only', (_name, { ports }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{FRESHET_\w+_PORT:-\d+\}:\d+$/);
  });

  it.each(services)('%s mounts files, volumes and configs that are there', (_name, { volumes, configs }) => {
    const mounts = volumes.map((volume) => volume.split(':'));
    const [ofFiles, ofVolumes] = [mounts.filter(isPath), mounts.filter((mount) => !isPath(mount))];
    const named = [...ofVolumes.map(([from]) => from), ...configs.map(({ source }) => source)];
    const known = new Set<string | undefined>([
      ...Object.keys(compose.volumes),
      ...Object.keys(compose.configs),
    ]);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    for (const [from = '', to = '', mode] of ofFiles) {
      expect([from, existsSync(join(ROOT, from)), mode]).toEqual([from, true, 'ro']);
      // A file onto a file, a folder onto a folder.
      expect(statSync(join(ROOT, from)).isFile()).toBe(/\.\w+$/.test(to));
    }
  });

  it.each(ours)('%s sets only what Freshet knows, and runs a command that it has', async (_name, service) => {
    const known = Object.keys(ENVIRONMENT).flatMap((name) => [name, `${name}_FILE`]);
    for (const name of Object.keys(service.environment)) expect(known).toContain(name);
    const [command, ...options] = service.command ?? [];
    const found = (await createProgram({}, ROOT, service.command ?? [])).commands.find(
      (each) => each.name() === command,
    );
    expect(found).toBeDefined();
    const flags = found?.options.map(({ long }) => long) ?? [];
    for (const option of options.filter((each) => each.startsWith('--'))) expect(flags).toContain(option);
  });

  it.each(ours)('%s has a config that holds', (_name, service) => {
    const env = Object.fromEntries(
      Object.entries(service.environment).map(([name, value]) => [
        name,
        String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
      ]),
    );
    expect(existsSync(join(ROOT, env['FRESHET_CONFIG'] ?? ''))).toBe(true);
    const { sources, kafka, target } = resolveConfig(parseConfig(config, 'compose', env), env, null);
    expect(target.password).toBe('freshet');
    expect(kafka.brokers).toEqual(['kafka:19092']);
    expect(sources[0]?.tables.map(({ schema, name }) => `${schema}.${name}`).toSorted()).toEqual(
      demoExamples.flatMap(({ tables }) => tables).toSorted(),
    );
  });

  it('gives Prometheus the token that Freshet asks for', () => {
    const token = compose.services['freshet']?.environment['FRESHET_HTTP_TOKEN'];
    expect(compose.configs['http-token']?.content).toBe(token);
    const target = compose.services['prometheus']?.configs.find(
      ({ source }) => source === 'http-token',
    )?.target;
    const prometheus = z
      .object({
        scrape_configs: z.array(
          z.object({
            authorization: z.object({ credentials_file: z.string() }),
            static_configs: z.array(z.object({ targets: z.array(z.string()) })),
          }),
        ),
      })
      .parse(read('deploy/compose/prometheus.yml'));
    const [job] = prometheus.scrape_configs;
    expect(job?.authorization.credentials_file).toBe(target);
    expect(job?.static_configs[0]?.targets).toEqual(['freshet:9464']);
  });

  it('leads from an alert to the runbook that Freshet serves', () => {
    const { global } = z
      .object({ global: z.object({ external_labels: z.object({ runbooks: z.string() }) }) })
      .parse(read('deploy/compose/prometheus.yml'));
    const port = /:-(\d+)\}:/.exec(compose.services['freshet']?.ports[0] ?? '')?.[1];
    expect(global.external_labels.runbooks).toBe(`http://127.0.0.1:${port}/runbooks`);
    const served = runbookRoutes().map(({ path }) => path);
    for (const { runbook } of alertRules()) expect(served).toContain(`/runbooks/${runbook}`);
  });

  it('ends Freshet gently, and lets it do nothing that it does not need', () => {
    const { freshet } = compose.services;
    expect(freshet).toMatchObject({ stop_signal: 'SIGTERM', stop_grace_period: '30s', init: true });
    for (const [, service] of ours)
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
  });
});

describe('the Dockerfile', () => {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').split('\n');
  const stages = lines.filter((line) => line.startsWith('FROM '));

  it('builds in a stage of its own, and runs as nobody of weight', () => {
    expect(stages).toHaveLength(2);
    for (const stage of stages) expect(stage).toMatch(/^FROM node:24\.\d+\.\d+-\w+-slim/);
    expect(lines.findLast((line) => line.startsWith('USER '))).toBe('USER node');
    expect(lines.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
  });

  it('copies what is there, and what .dockerignore lets through', () => {
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied).toContain('page');
    for (const path of copied) {
      expect(existsSync(join(ROOT, path))).toBe(true);
      expect(ignored).toContain(`!${path}\n`);
    }
  });
});
