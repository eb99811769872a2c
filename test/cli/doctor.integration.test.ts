import { expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { assertReachable, diagnose } from '../../src/cli/doctor.ts';
import { connect } from '../../src/runtime/postgres.ts';
import { migrateTarget } from '../../src/sinks/schema.ts';
import { openShop } from '../support/shop.ts';

it('a target role that may create nothing is good enough once an administrator has migrated', async () => {
  await using shop = await openShop(1);
  const { name, pool, url } = shop.database;
  const role = `writer_${name}`;
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'writer'`);
  const config: Config = {
    ...shop.config,
    target: { url: Object.assign(new URL(url), { username: role, password: 'writer' }).href },
  };
  const target = async () => (await diagnose(config)).find(({ check }) => check.startsWith('target'));

  expect(await target()).toMatchObject({
    ok: false,
    found: expect.stringContaining('may not create'),
    cure: expect.stringContaining('GRANT CREATE'),
  });
  await expect(assertReachable(config)).rejects.toMatchObject({ code: 'PREFLIGHT' });

  await using admin = await connect({ url }, 'migrate');
  await migrateTarget(admin, []);
  await pool.query(
    `GRANT USAGE ON SCHEMA freshet TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA freshet TO ${role}`,
  );
  expect(await target()).toMatchObject({ ok: true });
  await assertReachable(config);
  await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});
