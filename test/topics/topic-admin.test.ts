import kafkajs from 'kafkajs';
import { expect, it } from 'vitest';
import { creationFailure } from '../../src/topics/topic-admin.ts';

/** What the client makes of a broker's answer for one topic. */
function answer(type: string, retriable: boolean): Error {
  const error = new kafkajs.KafkaJSProtocolError(Object.assign(new Error(type), { type, retriable }));
  return new kafkajs.KafkaJSAggregateError('Topic creation errors', [error]);
}

it.each<[string, unknown, string]>([
  ['refuses the number of replicas', answer('INVALID_REPLICATION_FACTOR', false), 'PREFLIGHT'],
  ['lets nobody make topics', answer('TOPIC_AUTHORIZATION_FAILED', false), 'PREFLIGHT'],
  ['is too busy to make them in time', answer('REQUEST_TIMED_OUT', true), 'CONNECTION'],
  ['goes away meanwhile', new kafkajs.KafkaJSConnectionError('Connection error: ECONNREFUSED'), 'CONNECTION'],
  ['elects no leaders in time', new Error('they have no leaders after 10 s'), 'CONNECTION'],
])('a cluster that %s: whether topics are tried again', (_what, error, code) => {
  expect(creationFailure(['a'], error)).toMatchObject({
    code,
    message: expect.stringContaining('cannot create topics a'),
  });
});
