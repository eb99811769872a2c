import type { ClientBase } from 'pg';

/** What these functions need of a client or pool client of `pg`. Its transaction is the caller's. */
export type SqlClient = Pick<ClientBase, 'query'>;
