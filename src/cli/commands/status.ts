import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config.ts';
import type { FreshnessReport } from '../../metrics/freshness-report.ts';
import { type CommandContext, config } from '../context.ts';
import { Engine } from '../engine.ts';
import { everything, FreshnessWatch } from '../freshness/freshness-watch.ts';
import { statusLines } from '../freshness/status-lines.ts';
import { openTerminal } from '../terminal.ts';

/** A running capture has read past what was committed at the first look within this. */
const PATIENCE_MS = 3_000;
const POLL_MS = 250;
const LONG_AGO = '1970-01-01T00:00:00Z';

/** How fresh everything is: by the process of this config that answers at the HTTP port, else by a look of our own. */
export async function statusCommand(
  context: CommandContext,
  options: { readonly json?: boolean },
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const settings = await config(context);
  const report = (await askProcess(settings)) ?? (await lookOurselves(settings));
  terminal.out(terminal.json ? JSON.stringify(report) : statusLines(report).join('\n'));
}

async function askProcess({ http, sources }: Config): Promise<FreshnessReport | null> {
  const place = http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host;
  const host = place.includes(':') ? `[${place}]` : place;
  const headers = http.token === null ? {} : { authorization: `Bearer ${http.token}` };
  try {
    const response = await fetch(`http://${host}:${http.port}/status`, {
      headers,
      signal: AbortSignal.timeout(2_000),
    });
    const report = response.ok ? ((await response.json()) as FreshnessReport) : null;
    // A process of another config, or one that does only a part, does not know everything.
    const isOurs = sources.every(({ name }) => report?.sources.some((source) => source.name === name));
    return isOurs && report !== null && report.pipelines.length > 0 ? report : null;
  } catch {
    return null;
  }
}

async function lookOurselves(settings: Config): Promise<FreshnessReport> {
  const engine = new Engine(settings, () => {});
  await using watch = new FreshnessWatch(engine, everything(engine));
  const deadline = Date.now() + PATIENCE_MS;
  const first = await watch.look();
  const begun = new Map(first.sources.map(({ name }) => [name, watch.walOf(name)?.ms ?? 0]));
  for (let report = first; ; report = await watch.look()) {
    const isWaiting = report.sources.some(
      ({ name, state, publishedThrough }) =>
        state === 'streaming' && Date.parse(publishedThrough ?? LONG_AGO) < (begun.get(name) ?? 0),
    );
    if (!isWaiting || Date.now() > deadline) return report;
    await sleep(POLL_MS);
  }
}
