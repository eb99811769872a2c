import type { Config, SourceConfig } from '../../config.ts';
import { errorMessage, connect } from '../../runtime/postgres.ts';
import { readSlot } from '../../source/slot.ts';
import { type CommandContext, config } from '../context.ts';
import { openTerminal } from '../terminal.ts';

interface StatusReport {
  /** What a running process of this config tells; null where none answers on its HTTP port. */
  readonly process: unknown;
  readonly slots: readonly object[];
  readonly lanes: readonly object[];
}

/** What the process at the configured port says, the slots at the sources, and what each group has applied. */
export async function statusCommand(
  context: CommandContext,
  options: { readonly json?: boolean },
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const settings = await config(context);
  const report: StatusReport = {
    process: await askProcess(settings),
    slots: await Promise.all(settings.sources.map(slotOf)),
    lanes: await lanesOf(settings),
  };
  if (terminal.json) {
    terminal.out(JSON.stringify(report));
    return;
  }
  terminal.out(
    report.process === null
      ? 'no process answers on the HTTP port'
      : `process: ${JSON.stringify(report.process)}`,
  );
  for (const slot of report.slots) terminal.out(`slot: ${JSON.stringify(slot)}`);
  for (const lane of report.lanes) terminal.out(`applied: ${JSON.stringify(lane)}`);
}

async function askProcess({ http }: Config): Promise<unknown> {
  const place = http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host;
  const host = place.includes(':') ? `[${place}]` : place;
  const headers = http.token === null ? {} : { authorization: `Bearer ${http.token}` };
  try {
    const response = await fetch(`http://${host}:${http.port}/status`, {
      headers,
      signal: AbortSignal.timeout(2_000),
    });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

async function slotOf(source: SourceConfig): Promise<object> {
  const base = { source: source.name, mode: source.mode, slot: source.slot };
  try {
    await using client = await connect(source.connection, 'status');
    const slot = await readSlot(client, source.slot);
    if (slot === null) return { ...base, exists: false };
    const { active, walStatus, retainedBytes, safeBytes } = slot;
    return { ...base, exists: true, active, walStatus, retainedBytes, safeBytes };
  } catch (error) {
    return { ...base, error: errorMessage(error) };
  }
}

async function lanesOf({ target }: Config): Promise<object[]> {
  await using client = await connect(target, 'status');
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('freshet.positions') IS NOT NULL AS exists`,
  );
  if (rows[0]?.exists !== true) return [];
  const lanes = await client.query<object>(
    `SELECT group_name AS group, topic, partition, position, next_offset::float8 AS "nextOffset", updated_at AS "updatedAt"
       FROM freshet.positions ORDER BY 1, 2, 3`,
  );
  return lanes.rows;
}
