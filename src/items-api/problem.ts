/** Why a request is refused as a whole: `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly detail: string;
  /** When to come again. */
  readonly retryAfterSeconds: number | null;
}

export function problem(status: number, detail: string, retryAfterSeconds: number | null = null): Problem {
  return { status, detail, retryAfterSeconds };
}
