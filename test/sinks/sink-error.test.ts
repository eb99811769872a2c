import { describe, expect, it } from 'vitest';
import { FreshetError } from '../../src/runtime/errors.ts';
import { judgeSinkError, sinkErrorCode, sinkFailure } from '../../src/sinks/sink-error.ts';

const pgError = (code: string): Error => Object.assign(new Error('from the server'), { code });

describe('an error of the sink', () => {
  it.each([
    ['40001', 'retry'],
    ['40P01', 'retry'],
    ['55P03', 'retry'],
    ['57014', 'retry'],
    ['57P01', 'retry'],
    ['57P05', 'retry'],
    ['25P03', 'retry'],
    ['25P04', 'retry'],
    ['08006', 'retry'],
    ['53300', 'retry'],
    ['ECONNRESET', 'retry'],
    ['23505', 'conflict'],
    ['23514', 'poison'],
    ['22021', 'poison'],
    ['54000', 'poison'],
    ['P0001', 'poison'],
    ['42P01', 'stop'],
    ['42501', 'stop'],
  ])('%s is judged %s', (code, verdict) => {
    expect(judgeSinkError(pgError(code))).toBe(verdict);
    expect(sinkErrorCode(pgError(code))).toBe(code);
  });

  it.each([
    ['duplicate key value violates unique constraint "web_sockets_pkey"', '23505', 'conflict'],
    ['new row for relation "sockets" violates check constraint "positive"', '23514', 'poison'],
    ['relation "connection terminated" does not exist', '42P01', 'stop'],
    ['Connection terminated unexpectedly', undefined, 'retry'],
    ['socket hang up', 'ERR_SOCKET', 'retry'],
  ])('of the server is judged by its state, not by the names that it holds: %s', (message, code, verdict) => {
    const error = new Error(message);
    expect(judgeSinkError(code === undefined ? error : Object.assign(error, { code }))).toBe(verdict);
  });

  it('that is a lost connection may pass, any other that stops is the target’s state', () => {
    expect(sinkFailure(pgError('57P01'))).toMatchObject({ code: 'CONNECTION' });
    expect(sinkFailure(pgError('42501'))).toMatchObject({ code: 'PREFLIGHT' });
  });

  it('of our own is judged by its action, and a bug stops', () => {
    expect(judgeSinkError(new FreshetError('RECORD_INVALID', 'x'))).toBe('poison');
    expect(judgeSinkError(new FreshetError('CONNECTION', 'x'))).toBe('retry');
    expect(judgeSinkError(new TypeError('x'))).toBe('stop');
  });
});
