/** One item to be told to an HTTP API. */
export interface Delivery {
  readonly key: string;
  /**
   * Grows with every change of the key, as text; the same change has the same one, however often it is sent. An
   * API that keeps the highest version of each key can leave out what is older.
   */
  readonly version: string;
  readonly op: 'upsert' | 'delete';
  /** Null for a delete. */
  readonly body: object | null;
}

/** An item that the API will never take as it is. */
export interface Refusal {
  readonly delivery: Delivery;
  /** The item's HTTP status. */
  readonly status: number;
  readonly message: string;
}

/** Why a request did not go out at once: the rate limit, a request that failed before it, an open circuit. */
export type DeliveryWait = 'rate' | 'retry' | 'circuit';

/** Hears how an API is told. */
export interface DeliveryListener {
  /** A request ended; `status`: null where no answer came. */
  request(status: number | null, seconds: number): void;
  waits(reason: DeliveryWait, seconds: number): void;
  /** `isOpen`: nothing is sent for a while, as the API failed again and again. */
  circuit(isOpen: boolean): void;
}

/** The same for every try: a receiver that remembers it takes an item once. */
export function idempotencyKey({ key, version }: Delivery): string {
  return `${key}:${version}`;
}
