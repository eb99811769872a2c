/** What these functions need of a `pg` client or pool client. Its transaction is the caller's. */
export interface SqlClient {
  query<R extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<{ rows: R[] }>;
}
