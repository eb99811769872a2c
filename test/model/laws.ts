/** What must hold in every history. Named in the mutants' table, so that it shows which law caught which defect. */
export type Law =
  /** In the end the sink holds what the source holds. */
  | 'final'
  /** Per key the sink never shows an older state after a newer one. */
  | 'order'
  /** A row is as the source had it once: no mixture of two versions. */
  | 'mixed'
  /** Positions strictly increase per partition. */
  | 'position'
  /** Nothing is confirmed to PostgreSQL that Kafka does not hold. */
  | 'confirm'
  /** A replay of the topics changes nothing, and an empty sink ends in the same state. */
  | 'replay'
  /** Every refresh ends, every change gets through. */
  | 'liveness'
  /** Every request is done once: it has its answer, and its refresh came to an end. */
  | 'request'
  /** A restart finds its own history in order. */
  | 'history'
  /** The capture stopped with an error of its own. */
  | 'crash';

export class Violation extends Error {
  readonly law: Law;

  constructor(law: Law, message: string) {
    super(`law "${law}" is broken: ${message}`);
    this.law = law;
  }
}

/** Keeps the first violation: what is thrown inside of the capture is caught by the capture. */
export class Laws {
  #first: Violation | null = null;

  broken(law: Law, message: string): void {
    this.#first ??= new Violation(law, message);
  }

  check(): void {
    if (this.#first !== null) throw this.#first;
  }
}
