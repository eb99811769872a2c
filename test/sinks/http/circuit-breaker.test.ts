import { expect, it } from 'vitest';
import { CircuitBreaker } from '../../../src/sinks/http/circuit-breaker.ts';

it('opens after failures in a row, lets one request try, and closes when that succeeds', () => {
  let now = 0;
  const breaker = new CircuitBreaker({ failures: 2, openMs: 100 }, () => now);
  breaker.failed();
  breaker.succeeded();
  breaker.failed();
  expect(breaker.admit()).toBe(0);
  breaker.failed();
  expect(breaker.admit()).toBe(100);
  now = 100;
  expect(breaker.admit()).toBe(0);
  expect(breaker.admit()).toBe(100);
  breaker.failed();
  expect(breaker.admit()).toBe(100);
  now = 200;
  expect(breaker.admit()).toBe(0);
  breaker.forgotten();
  expect(breaker.admit()).toBe(0);
  breaker.succeeded();
  expect([breaker.admit(), breaker.admit()]).toEqual([0, 0]);
});
