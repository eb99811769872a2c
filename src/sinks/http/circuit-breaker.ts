export interface BreakerSettings {
  /** Requests that fail one after the other before the circuit opens. */
  readonly failures: number;
  /** How long nothing is sent then, before one request tries. */
  readonly openMs: number;
}

/**
 * Stops asking an endpoint that does not answer. *Closed* lets everything through; after so many failures
 * in a row it is *open*, and nothing goes; then *half-open*: one request goes, and its outcome decides.
 */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  readonly #now: () => number;
  #failures = 0;
  #openUntil = 0;
  #probing = false;

  /** `now` gives milliseconds that never go backwards. */
  constructor(settings: BreakerSettings, now: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Whether the last requests failed: nothing goes, or only one that tries. */
  get isOpen(): boolean {
    return this.#failures >= this.#settings.failures;
  }

  /** Milliseconds until a request may go; 0: this one may, and its outcome must be told. */
  admit(): number {
    if (!this.isOpen) return 0;
    const left = this.#openUntil - this.#now();
    if (left > 0) return left;
    if (this.#probing) return this.#settings.openMs;
    this.#probing = true;
    return 0;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#probing = false;
  }

  failed(): void {
    this.#failures += 1;
    this.#probing = false;
    if (this.isOpen) this.#openUntil = this.#now() + this.#settings.openMs;
  }

  /** The request was given up before its outcome was known. */
  forgotten(): void {
    this.#probing = false;
  }
}
