/**
 * A value that its column's wire type cannot hold, or a text that is not what PostgreSQL prints for the
 * type. Writers throw it without knowing the column; the codec turns it into RECORD_INVALID, naming it.
 */
export class Unrepresentable extends Error {
  constructor(text: string, reason: string) {
    super(`${JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)} ${reason}`);
    this.name = 'Unrepresentable';
  }
}
