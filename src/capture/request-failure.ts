import { isFreshetError } from '../runtime/errors.ts';
import { errorMessage, sqlState } from '../runtime/postgres.ts';
import type { PlanFailure, RefreshRequest } from '../snapshot/refresh-plan.ts';

/**
 * Classes of SQLSTATE that blame the statement, not the server: feature not supported, data exception,
 * transaction state (a condition that would write), syntax or access rule, limit exceeded.
 */
const STATEMENT_CLASSES = new Set(['0A', '22', '25', '42', '54']);
const QUERY_CANCELED = '57014';

/** Why what an operator asked for can never be read; null where trying again may help. */
export function requestFailure(
  request: Pick<RefreshRequest, 'where' | 'keys' | 'tag'>,
  error: unknown,
): PlanFailure | null {
  // The first refresh of a table has to be done, however long its cause lasts.
  if (request.tag === null) return null;
  if (isFreshetError(error)) {
    const isFinal =
      error.code === 'PREFLIGHT' || error.code === 'TABLE_UNSUPPORTED' || error.code === 'USAGE';
    return isFinal ? { code: error.code, message: error.message } : null;
  }
  const state = sqlState(error) ?? '';
  if (request.where !== null && state === QUERY_CANCELED) {
    const message = `the condition "${request.where}" took longer than snapshot.whereTimeoutMs for one chunk`;
    return { code: 'WHERE_TIMEOUT', message: `${message}: give it an index, or raise the limit` };
  }
  if (!STATEMENT_CLASSES.has(state.slice(0, 2))) return null;
  const subject = request.where === null ? '' : `the condition "${request.where}": `;
  return { code: 'SQL_REFUSED', message: `${subject}${errorMessage(error)} (SQLSTATE ${state})` };
}
