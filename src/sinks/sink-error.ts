import { FreshetError, isFreshetError } from '../runtime/errors.ts';
import { errorMessage, isConnectionLoss, sqlState } from '../runtime/postgres.ts';

/**
 * What to do about an error of the sink: `retry` as it is; `conflict`: a unique violation, which passes
 * when another partition's delete arrives, or is the record's own fault; `poison`: the data is at fault;
 * `stop`: the target is not as it should be, no record can be applied.
 */
export type SinkVerdict = 'retry' | 'conflict' | 'poison' | 'stop';

const QUERY_CANCELED = '57014';
/** Serialization failure, deadlock, lock not available, query cancelled by a timeout. */
const BUSY = new Set(['40001', '40P01', '55P03', QUERY_CANCELED]);
/** Class 22 data exception, 23 integrity constraint violation, 54 program limit exceeded; P0001 a trigger's RAISE. */
const DATA = /^(?:22|23|54|P0001)/;
const UNIQUE_VIOLATION = '23505';
/** Class 53: out of memory, disk or connections. */
const RESOURCES = /^53/;
const POOL_TIMEOUT = /timeout exceeded when trying to connect/;

export function judgeSinkError(error: unknown): SinkVerdict {
  if (isFreshetError(error)) return error.action === 'dead-letter' ? 'poison' : error.action;
  const state = sqlState(error);
  if (isConnectionLoss(error) || POOL_TIMEOUT.test(errorMessage(error))) return 'retry';
  if (state === undefined) return 'stop';
  if (BUSY.has(state) || RESOURCES.test(state)) return 'retry';
  if (state === UNIQUE_VIOLATION) return 'conflict';
  return DATA.test(state) ? 'poison' : 'stop';
}

/** A statement took longer than it may: fewer rows may fit. */
export function isOutOfTime(error: unknown): boolean {
  return sqlState(error) === QUERY_CANCELED;
}

/** A short code for metrics and dead letters: the SQLSTATE, or Freshet's own code. */
export function sinkErrorCode(error: unknown): string {
  return isFreshetError(error) ? error.code : (sqlState(error) ?? 'UNKNOWN');
}

/** PostgreSQL's detail can hold a row's values: it is left out. */
export function sinkFailure(error: unknown): FreshetError {
  if (isFreshetError(error)) return error;
  if (isConnectionLoss(error))
    return new FreshetError('CONNECTION', `the target database: ${errorMessage(error)}`, { cause: error });
  return new FreshetError(
    'PREFLIGHT',
    `the target database: ${errorMessage(error)} (${sinkErrorCode(error)})`,
    {
      cause: error,
      cure: 'Bring the target table into the shape that the pipeline writes, and grant it, then start again.',
    },
  );
}
