/** Every error that Freshet raises on purpose, with what becomes of the work it stopped. */
export const ERRORS = {
  CONFIG_INVALID: { exit: 2, action: 'stop', advice: 'Correct the named setting.' },
  USAGE: { exit: 2, action: 'stop', advice: 'See freshet --help.' },
  PREFLIGHT: { exit: 3, action: 'stop', advice: 'Run freshet doctor: it prints the cure for each finding.' },
  SERVICE_START: { exit: 3, action: 'stop', advice: 'Cure what the message names, then start again.' },
  SLOT_BUSY: {
    exit: 4,
    action: 'stop',
    advice: 'Stop the other capture of this slot, or give this one a slot of its own.',
  },
  SLOT_LOST: {
    exit: 4,
    action: 'stop',
    advice: 'Start with --on-slot-loss=refresh to make a new slot and refresh every table.',
  },
  HISTORY_CHANGED: {
    exit: 4,
    action: 'stop',
    advice: 'Start with --on-slot-loss=refresh to begin a new epoch and refresh every table.',
  },
  FENCED: {
    exit: 4,
    action: 'stop',
    advice: 'A newer capture took over this slot; nothing is to be done where that was meant.',
  },
  PUBLICATION_CHANGED: {
    exit: 4,
    action: 'stop',
    advice: 'Restore the publication, or start with --on-slot-loss=refresh.',
  },
  TOPIC_CHANGED: {
    exit: 4,
    action: 'stop',
    advice: 'Restore the topic, or use another prefix; for more partitions: freshet topics repartition.',
  },
  SCHEMA_REFUSED: {
    exit: 4,
    action: 'stop',
    advice:
      'Set the compatibility of the named subject to NONE in the schema registry, or use another topic prefix.',
  },
  OFFSET_LOST: {
    exit: 4,
    action: 'stop',
    advice:
      'The broker no longer has the next record: freshet offsets reset <pipeline> --to earliest --yes, then freshet refresh <table>.',
  },
  VERSION_NEWER: {
    exit: 4,
    action: 'stop',
    advice: 'Use the Freshet version that wrote this, or a newer one.',
  },
  TABLE_UNSUPPORTED: {
    exit: 3,
    action: 'stop',
    advice: 'Give the table a primary key, or a replica identity index.',
  },
  TABLE_MISSING: {
    exit: 3,
    action: 'stop',
    advice: 'Correct the name in the list of tables, or create the table.',
  },
  KEY_CHANGED: {
    exit: 4,
    action: 'stop',
    advice: 'Nothing: the table is refreshed by itself, under its new key.',
  },
  RECORD_INVALID: { exit: 5, action: 'dead-letter', advice: 'Mend the cause, then retry the dead letter.' },
  RECORD_TOO_LARGE: {
    exit: 5,
    action: 'dead-letter',
    advice: 'Raise the record limit on broker, topics and Freshet, then refresh the key.',
  },
  REFRESH_FAILED: {
    exit: 2,
    action: 'stop',
    advice: 'Correct the table, the condition or the keys, and ask again.',
  },
  REFRESH_CANCELLED: { exit: 1, action: 'stop', advice: 'Ask again, where that was not meant.' },
  WAIT_TIMEOUT: {
    exit: 1,
    action: 'stop',
    advice: 'See freshet status: who is behind, and why; or give --timeout more.',
  },
  CONNECTION: { exit: 1, action: 'retry', advice: 'Check that the service runs and can be reached.' },
  SCORER_UNAVAILABLE: {
    exit: 1,
    action: 'retry',
    advice: "Check the scorer's endpoint; jobs wait and go on by themselves.",
  },
  SCORER_ANSWER: {
    exit: 5,
    action: 'retry',
    advice: 'Nothing was stored. Check that the model keeps to the answer format; the job is tried again.',
  },
  SCORER_REJECTED: { exit: 2, action: 'stop', advice: "Check the scorer's base URL, key and model." },
  SINK_BUSY: {
    exit: 1,
    action: 'retry',
    advice: 'Nothing: a lock or a serialization conflict is tried again.',
  },
  INTERNAL: { exit: 1, action: 'stop', advice: 'This is a bug: please report it with the log.' },
} as const satisfies Record<string, { exit: 1 | 2 | 3 | 4 | 5; action: ErrorAction; advice: string }>;

export type ErrorAction = 'retry' | 'dead-letter' | 'stop';
export type ErrorCode = keyof typeof ERRORS;

/** `message` says what happened, with field and value; `cure` what to do, more precise than the code's own advice. */
export class FreshetError extends Error {
  readonly code: ErrorCode;
  readonly cure: string;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; cure?: string } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'FreshetError';
    this.code = code;
    this.cure = options.cure ?? ERRORS[code].advice;
  }

  get exitCode(): number {
    return ERRORS[this.code].exit;
  }

  get action(): ErrorAction {
    return ERRORS[this.code].action;
  }
}

export function isFreshetError(error: unknown, code?: ErrorCode): error is FreshetError {
  return error instanceof FreshetError && (code === undefined || error.code === code);
}
