/** A benchmark's child: does the one job that it is sent, and ends with its parent. */
export function serveJob(
  stop: AbortController,
  run: (job: never) => Promise<void>,
  tell: (report: { readonly type: 'failed'; readonly message: string }) => void,
): void {
  process.on(
    'message',
    (order: { readonly type: 'run'; readonly job: never } | { readonly type: 'stop' }) => {
      if (order.type === 'stop') {
        stop.abort();
        return;
      }
      run(order.job).then(
        () => process.exit(0),
        (error: unknown) => {
          const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
          tell({ type: 'failed', message });
          process.disconnect();
          process.exitCode = 1;
        },
      );
    },
  );
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches the whole foreground group: the parent decides.
  process.on('SIGINT', () => {});
}
