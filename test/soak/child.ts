import { type CaptureTask, captureUntilKilled } from '../support/quiet-capture.ts';

/** What the child tells with every Kafka transaction. */
export interface ChildReport {
  /** Records since the process began. */
  readonly records: number;
  readonly refreshed: boolean;
}

let records = 0;
let refreshed = false;
await captureUntilKilled(JSON.parse(process.argv[2] ?? '') as CaptureTask, {
  committed: (commit) => {
    records += commit.records;
    process.send?.({ records, refreshed } satisfies ChildReport);
  },
  progress: (plan) => {
    refreshed = plan.finishedAt !== null;
  },
});
