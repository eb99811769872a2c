import type {
  FreshnessReport,
  PipelineReport,
  SlotReport,
  SnapshotReport,
  SourceReport,
} from '../../metrics/freshness-report.ts';
import { countText } from '../../runtime/quantity-text.ts';

/** The report for people. */
export function statusLines({ sources, pipelines }: FreshnessReport): string[] {
  return [...sources.flatMap(sourceLines), ...pipelines.flatMap(pipelineLines)];
}

function sourceLines(source: SourceReport): string[] {
  const { name, state, lag, publishedThrough, slot, tables, snapshots, error } = source;
  const behind = lag.bytes === null ? '' : `, ${countText(lag.bytes)} bytes behind`;
  const halted = tables.flatMap(({ table, halt }) =>
    halt === null ? [] : [`  ${table} is halted (${halt.code}): ${halt.message}. ${halt.cure}`],
  );
  return [
    `source ${name}: ${state}, published through ${moment(publishedThrough, lag.seconds)}${behind}`,
    ...(error === null ? [] : [`  ${error}`]),
    ...(slot === null ? [] : [slotLine(slot)]),
    ...halted,
    ...snapshots.filter(({ finishedAt }) => finishedAt === null).map(snapshotLine),
  ];
}

function slotLine({
  name,
  exists,
  active,
  walStatus,
  retainedBytes,
  safeBytes,
  secondsToLoss,
}: SlotReport): string {
  if (!exists) return `  slot ${name}: there is none`;
  const safe = safeBytes === null ? '' : `, ${mebibytes(safeBytes)} may follow`;
  const loss = secondsToLoss === null ? '' : `, lost in ${duration(secondsToLoss)} at this rate`;
  return `  slot ${name}: ${active ? 'in use' : 'idle'}, ${walStatus ?? 'unknown'}, keeps ${mebibytes(retainedBytes)}${safe}${loss}`;
}

function snapshotLine(snapshot: SnapshotReport): string {
  const { table, status, rowsPublished, estimatedRows, rowsPerSecond, etaSeconds } = snapshot;
  const of = estimatedRows === null ? '' : ` of about ${countText(estimatedRows)}`;
  const rate = rowsPerSecond === null ? '' : `, ${countText(rowsPerSecond)} rows/s`;
  const eta = etaSeconds === null ? '' : `, ETA ${duration(etaSeconds)}`;
  return `  refresh of ${table}: ${status}, ${countText(rowsPublished)}${of} rows${rate}${eta}`;
}

function pipelineLines(pipeline: PipelineReport): string[] {
  const { name, state, appliedThrough, ageSeconds, lag, error, deadLetters, jobs, staleEmbeddings, tables } =
    pipeline;
  const letters = Object.entries(deadLetters).map(([code, keys]) => `${keys} ${code}`);
  return [
    `pipeline ${name}: ${state}, applied through ${moment(appliedThrough, ageSeconds)}, ${records(lag.records)} behind`,
    ...(error === null ? [] : [`  ${error}`]),
    ...(tables.length === 1 ? [] : tables).map(
      (table) =>
        `  ${table.table}: ${table.state}, applied through ${moment(table.appliedThrough, table.ageSeconds)}, ${records(table.lag.records)} behind`,
    ),
    ...(letters.length === 0 ? [] : [`  dead letters: ${letters.join(', ')}: freshet dlq list`]),
    ...(staleEmbeddings === null || staleEmbeddings === 0
      ? []
      : [`  embeddings: ${countText(staleEmbeddings)} items wait for one`]),
    ...(jobs === null
      ? []
      : [
          `  jobs: ${jobs.waiting} waiting, ${jobs.scheduled} scheduled, ${jobs.running} running, ${jobs.failed} failed`,
        ]),
  ];
}

function moment(iso: string | null, ageSeconds: number | null): string {
  if (iso === null) return 'nothing yet';
  return ageSeconds === null ? iso : `${iso} (${duration(ageSeconds)} ago)`;
}

function records(count: number | null): string {
  return count === null ? 'unknown' : `${countText(count)} ${count === 1 ? 'record' : 'records'}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
