import { expect, it } from 'vitest';
import { until } from '../../support/capture.ts';
import { ownServer, requireStandby } from '../../support/missing-standby.ts';
import { temporaryDataDir } from '../../support/services-environment.ts';
import { urlContext, urlsIn } from './url-table.ts';

/** Of all commits only the insert is to hang: one of the pipeline that hung would keep it from meeting the insert. */
const LOCAL_COMMITS = `DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET synchronous_commit = local', current_database()); END $$`;

it(
  'gives a URL its type whose insert was streamed before anyone could see it',
  { timeout: 180_000 },
  async () => {
    await using folder = await temporaryDataDir();
    await using server = await ownServer(folder.path);
    await using context = await urlContext(
      (pool) => pool.query(LOCAL_COMMITS).then(() => undefined),
      server.urls.sourceUrl,
    );
    const { database, running } = context;
    await context.settled();
    const before = context.published();
    await requireStandby(database, 'nobody');
    const insert = database.pool.query(
      `SET synchronous_commit = on; INSERT INTO urls (account_id, url) VALUES (1, 'https://acme.example/pricing')`,
    );
    try {
      await until('the insert is published', () => context.published() > before);
      await until('the pipeline has met it', () =>
        running.tally.messages.some((message) => message.includes('not visible yet')),
      );
      expect(await urlsIn(database.pool)).toEqual([]);
    } finally {
      await requireStandby(database, null);
    }
    await insert;
    await until('it has its type', async () => (await urlsIn(database.pool))[0]?.page_type === 'pricing');
  },
);
