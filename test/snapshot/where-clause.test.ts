import { describe, expect, it } from 'vitest';
import { assertCondition } from '../../src/snapshot/where-clause.ts';

describe('an SQL condition of an operator', () => {
  it.each([
    'id > 5',
    "name = 'it''s; (fine) -- really'",
    `"odd;(name" IS NULL`,
    "body = E'quote \\' and ) more'",
    'note = $$ ); DROP $$ AND (a OR (b))',
    'note = $x$ $$ ; $x$',
    'price::numeric(10, 2) = $1::text::numeric',
    "like_me LIKE 'a\\' AND b = 1",
    "update = E'' OR te'x' = 'y'",
  ])('is taken: %s', (where) => {
    expect(() => assertCondition(where)).not.toThrow();
  });

  it.each([
    ['id > 5) TO STDOUT; DROP TABLE items', /too many/],
    ['id > 5; DROP TABLE items', /";"/],
    ['id > 5 -- and more', /comments/],
    ['id > 5 /* and more', /comments/],
    ['(id > 5', /missing/],
    ["name = 'open", /does not end/],
    ["name = 'a\\'; DROP TABLE items; SELECT '", /";"/],
    ['"open', /does not end/],
    ['a = $x$ open', /does not end/],
    ['  ', /empty/],
  ])('is refused: %s', (where, why) => {
    expect(() => assertCondition(where)).toThrow(why);
  });
});
