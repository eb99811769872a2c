import { Logger } from 'graphile-worker';

/** What the queue's own code has to say; `heard` gets what is wrong with the queue itself, not with a job. */
export function queueLogger(heard: (message: string) => void): Logger {
  return new Logger(() => (level: string, message, meta) => {
    if (level === 'error' && meta?.['failure'] !== true) heard(message);
  });
}

export function silentLogger(): Logger {
  return queueLogger(() => {});
}
