import { describe, expect, it } from 'vitest';
import { until } from '../../support/capture.ts';
import { countUpdates, urlContext, urlsIn } from './url-table.ts';

const EXAMPLE = 'https://acme.example';

describe('the classify pipeline', () => {
  it('gives every URL that was there a type, invalid ones too, and keeps what people and imports set', async () => {
    await using context = await urlContext(async (pool) => {
      await pool.query(`INSERT INTO urls (account_id, url, title, page_type, page_type_source) VALUES
        (1, '${EXAMPLE}/pricing', 'Plans', NULL, NULL), (1, '${EXAMPLE}/blog/a', NULL, 'landing', 'manual'),
        (2, '${EXAMPLE}/careers', NULL, 'mine', 'import'), (2, '${EXAMPLE}/legal/privacy', NULL, 'mine', NULL),
        (2, 'no url', NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL), (2, '${EXAMPLE}/login', NULL, NULL, 'manual')`);
    });
    await context.settled();
    expect((await urlsIn(context.database.pool)).map((row) => [row.page_type, row.page_type_source])).toEqual(
      [
        ['pricing', 'classifier'],
        ['landing', 'manual'],
        ['mine', 'import'],
        ['mine', null],
        ['other', 'classifier'],
        ['other', 'classifier'],
        ['auth', 'classifier'],
      ],
    );
    const { rows } = await context.database.pool.query(
      `SELECT url, page_type_confidence AS confidence FROM urls WHERE page_type_rule = 'invalid-url' ORDER BY id`,
    );
    expect(rows).toEqual([
      { url: 'no url', confidence: 0 },
      { url: null, confidence: 0 },
    ]);
    expect(context.running.tally.deadLetters).toEqual([]);
    expect(context.running.tally.missingRows[0]).toMatch(/^page_type \d+ of \d+$/);
  });

  it('writes each row once: its own writes come back and settle, and so does what changes other columns', async () => {
    await using context = await urlContext();
    const { pool } = context.database;
    await pool.query('ALTER TABLE urls ADD COLUMN clicks int');
    const updates = await countUpdates(pool);
    await pool.query(
      `INSERT INTO urls (account_id, url) VALUES (1, '${EXAMPLE}/pricing'), (1, '${EXAMPLE}/about')`,
    );
    await context.settled();
    expect(await updates()).toEqual({ [`${EXAMPLE}/about`]: 1, [`${EXAMPLE}/pricing`]: 1 });
    await pool.query(`UPDATE urls SET clicks = 1 WHERE account_id = 1`);
    await context.settled();
    expect(await updates()).toEqual({ [`${EXAMPLE}/about`]: 2, [`${EXAMPLE}/pricing`]: 2 });
  });

  it('judges anew when URL or title change, when a value is cleared, and when another version gave it', async () => {
    await using context = await urlContext();
    const { pool } = context.database;
    await pool.query(`INSERT INTO urls (account_id, url) VALUES
      (1, '${EXAMPLE}/pricing'), (1, '${EXAMPLE}/a1'), (1, '${EXAMPLE}/careers'), (1, '${EXAMPLE}/about')`);
    await context.settled();
    const versions = `SELECT page_type_version AS version, page_type_inputs AS inputs FROM urls WHERE account_id = 1 ORDER BY id`;
    const before = (await pool.query(versions)).rows;
    await pool.query(`UPDATE urls SET url = '${EXAMPLE}/contact' WHERE url = '${EXAMPLE}/pricing'`);
    await pool.query(`UPDATE urls SET title = 'Privacy policy' WHERE url = '${EXAMPLE}/a1'`);
    await pool.query(`UPDATE urls SET page_type = NULL WHERE url = '${EXAMPLE}/careers'`);
    await pool.query(
      `UPDATE urls SET page_type = 'other', page_type_version = '0-old' WHERE url = '${EXAMPLE}/about'`,
    );
    await context.settled();
    expect((await urlsIn(pool)).map((row) => row.page_type)).toEqual([
      'contact',
      'legal',
      'careers',
      'about',
    ]);
    const after = (await pool.query(versions)).rows;
    expect(after.slice(2)).toEqual(before.slice(2));
    expect(after[0]).not.toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });

  it('reads what a change does not carry: a title that is too long to be in it', async () => {
    await using context = await urlContext();
    const { pool } = context.database;
    await pool.query('ALTER TABLE urls ALTER COLUMN title SET STORAGE EXTERNAL');
    await pool.query(
      `INSERT INTO urls (account_id, url, title) VALUES (1, '${EXAMPLE}/x1', repeat('Privacy ', 2000))`,
    );
    await context.settled();
    await pool.query(`UPDATE urls SET url = '${EXAMPLE}/pricing' WHERE account_id = 1`);
    await context.settled();
    expect(await urlsIn(pool)).toMatchObject([{ url: `${EXAMPLE}/pricing`, page_type: 'pricing' }]);
  });

  it('reclassifies the URLs that a changed pattern concerns, of that account alone', async () => {
    await using context = await urlContext();
    const { pool } = context.database;
    await pool.query(`INSERT INTO urls (account_id, url, page_type, page_type_source) VALUES
      (1, '${EXAMPLE}/x/1', NULL, NULL), (1, '${EXAMPLE}/y/1', NULL, NULL), (1, '${EXAMPLE}/about', NULL, NULL),
      (1, '${EXAMPLE}/x/2', 'landing', 'manual'), (2, '${EXAMPLE}/x/1', NULL, NULL)`);
    await context.settled();
    const types = async (): Promise<(string | null)[]> => (await urlsIn(pool)).map((row) => row.page_type);
    const [x = null, y = null] = await types();
    const updates = await countUpdates(pool);
    const typesBecome = async (...expected: (string | null)[]): Promise<void> => {
      await until(
        `the types are ${expected.join()}`,
        async () => (await types()).join() === expected.join(),
        10_000,
      );
      await context.settled();
      expect(await types()).toEqual(expected);
    };
    await pool.query(
      `INSERT INTO page_type_patterns (account_id, pattern, page_type) VALUES (1, '/x/*', 'event')`,
    );
    await typesBecome('event', y, 'about', 'landing', x);
    await pool.query(`UPDATE page_type_patterns SET pattern = '/y/*'`);
    await typesBecome(x, 'event', 'about', 'landing', x);
    await pool.query(
      `INSERT INTO page_type_patterns (account_id, pattern, page_type, ordinal) VALUES (1, '/**/y/*', 'press', -1)`,
    );
    await typesBecome(x, 'press', 'about', 'landing', x);
    await pool.query(`UPDATE page_type_patterns SET ordinal = 5 WHERE page_type = 'press'`);
    await typesBecome(x, 'event', 'about', 'landing', x);
    await pool.query(`DELETE FROM page_type_patterns WHERE page_type = 'event'`);
    await typesBecome(x, 'press', 'about', 'landing', x);
    await pool.query(`TRUNCATE page_type_patterns`);
    await typesBecome(x, y, 'about', 'landing', x);
    expect(Object.keys(await updates())).toEqual([`${EXAMPLE}/x/1`, `${EXAMPLE}/y/1`]);
  });

  it('applies patterns to URLs that come later, and leaves out what is no pattern', async () => {
    await using context = await urlContext();
    const { pool } = context.database;
    await pool.query(`INSERT INTO page_type_patterns (account_id, pattern, page_type) VALUES
      (1, 'no pattern', 'event'), (1, '/z/*', 'nonsense'), (1, '/x/*', 'event')`);
    await pool.query(`INSERT INTO urls (account_id, url) VALUES (1, '${EXAMPLE}/x/1')`);
    await context.settled();
    expect(await urlsIn(pool)).toMatchObject([{ page_type: 'event', page_type_rule: 'pattern:/x/*' }]);
  });
});
