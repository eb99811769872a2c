import type { ClientBase } from 'pg';
import { FreshetError } from '../../runtime/errors.ts';
import { type ClassifyTables, quoteName, tableExists } from './tables.ts';

const SHOWN = 5;

/** Throws USAGE where neither the table of accounts nor, in its absence, the URLs know the account. */
export async function assertAccount(
  client: ClientBase,
  { accounts, urls }: ClassifyTables,
  account: string,
): Promise<void> {
  const [table, column] = (await tableExists(client, accounts)) ? [accounts, 'id'] : [urls, 'account_id'];
  const ids = `SELECT DISTINCT ${column}::text AS id FROM ${quoteName(table)}`;
  const found = await client.query(`${ids} WHERE ${column}::text = $1`, [account]);
  if (found.rows.length > 0) return;
  const known = await client.query<{ id: string }>(
    `${ids} WHERE ${column} IS NOT NULL ORDER BY 1 LIMIT ${SHOWN + 1}`,
  );
  const shown = known.rows.slice(0, SHOWN).map(({ id }) => id);
  const list = known.rows.length > SHOWN ? `${shown.join(', ')}, …` : shown.join(', ');
  throw new FreshetError('USAGE', `--account-id: there is no account "${account}" in ${table}`, {
    cure:
      shown.length === 0
        ? `${table} is empty.`
        : `Give one of its ids (${list}), or leave the option out for all.`,
  });
}
