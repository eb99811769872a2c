import type { Role, Usage } from './process-usage.ts';

/** Name, with its unit → value. Every run of a contender gives the same names. */
export type Figures = Readonly<Record<string, number>>;

export interface Contender {
  readonly name: string;
  run(): Promise<Figures>;
}

export interface ContenderResult {
  readonly name: string;
  readonly runs: readonly Figures[];
  readonly median: Figures;
}

const SERVICES: readonly Role[] = ['pipeline', 'kafka', 'postgres', 'registry'];

/** What `rows` rows of `rowBytes` bytes each took. CPU of the load and of the benchmark itself is told, not counted in. */
export function throughputFigures(rows: number, rowBytes: number, seconds: number, usage: Usage): Figures {
  const perRow = (cpuSeconds: number): number => (cpuSeconds * 1e6) / rows;
  const cpu = Object.entries(usage.cpuSeconds).map(
    ([role, used]) => [`cpu_us_per_row.${role}`, perRow(used)] as const,
  );
  const all = SERVICES.reduce((sum, role) => sum + (usage.cpuSeconds[role] ?? 0), 0);
  return {
    seconds,
    rows_per_s: rows / seconds,
    mb_per_s: (rows * rowBytes) / seconds / 1e6,
    ...Object.fromEntries(cpu),
    'cpu_us_per_row.all_services': perRow(all),
    ...rssFigures(usage),
    outside_cpu_share: usage.outsideShare,
  };
}

export function cpuPerMinuteFigures(usage: Usage): Figures {
  const perMinute = (used: number): number => (used * 60) / usage.seconds;
  const cpu = Object.entries(usage.cpuSeconds).map(
    ([role, used]) => [`cpu_s_per_minute.${role}`, perMinute(used)] as const,
  );
  const all = SERVICES.reduce((sum, role) => sum + (usage.cpuSeconds[role] ?? 0), 0);
  return {
    ...Object.fromEntries(cpu),
    'cpu_s_per_minute.all_services': perMinute(all),
    ...rssFigures(usage),
    outside_cpu_share: usage.outsideShare,
  };
}

function rssFigures(usage: Usage): Figures {
  const told = Object.entries(usage.peakRssBytes).filter(([role]) => role !== 'bench' && role !== 'load');
  return Object.fromEntries(told.map(([role, bytes]) => [`peak_rss_mb.${role}`, bytes / 1e6]));
}

export function medians(runs: readonly Figures[]): Figures {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run)))];
  return Object.fromEntries(names.map((name) => [name, median(runs.flatMap((run) => run[name] ?? []))]));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** The value below which `share` of the sorted values lie, by nearest rank. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? Number.NaN;
}
