import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { KafkaSasl } from '../kafka-config.ts';

/** Sends a token, gives the server's answer. */
export type SaslExchange = (token: Buffer) => Promise<Buffer>;

const MIN_ITERATIONS = 4_096;
/** No channel binding, no other identity to act for. */
const GS2_HEADER = 'n,,';
const deriveKey = promisify(pbkdf2);

/** Logs in over a connection whose handshake named the mechanism. Throws when either side does not prove itself. */
export async function authenticate(
  sasl: KafkaSasl,
  exchange: SaslExchange,
  nonce = newNonce(),
): Promise<void> {
  if (sasl.mechanism === 'plain') {
    await exchange(Buffer.from(`\0${sasl.username}\0${sasl.password}`));
    return;
  }
  const bare = `n=${escapeName(sasl.username)},r=${nonce}`;
  const challenge = (await exchange(Buffer.from(GS2_HEADER + bare))).toString();
  const { final, serverSignature } = await answerChallenge(sasl, bare, nonce, challenge);
  const verdict = attributes((await exchange(Buffer.from(final))).toString());
  const shown = Buffer.from(verdict.get('v') ?? '', 'base64');
  if (shown.length !== serverSignature.length || !timingSafeEqual(shown, serverSignature)) {
    throw new Error(
      `${sasl.mechanism}: the broker does not know the password either (${verdict.get('e') ?? 'wrong signature'})`,
    );
  }
}

/** RFC 5802, section 3. */
async function answerChallenge(
  { mechanism, password }: KafkaSasl,
  bare: string,
  nonce: string,
  challenge: string,
): Promise<{ final: string; serverSignature: Buffer }> {
  const given = attributes(challenge);
  const [combined, salt, iterations] = [given.get('r') ?? '', given.get('s') ?? '', Number(given.get('i'))];
  if (!combined.startsWith(nonce) || combined.length === nonce.length)
    throw new Error(`${mechanism}: the broker's nonce is not ours`);
  if (!(iterations >= MIN_ITERATIONS))
    throw new Error(`${mechanism}: the broker asks for fewer than ${MIN_ITERATIONS} iterations`);
  const digest = mechanism === 'scram-sha-256' ? 'sha256' : 'sha512';
  const hmac = (key: Buffer, text: string): Buffer => createHmac(digest, key).update(text).digest();
  const bytes = digest === 'sha256' ? 32 : 64;
  const salted = await deriveKey(password, Buffer.from(salt, 'base64'), iterations, bytes, digest);
  const clientKey = hmac(salted, 'Client Key');
  const withoutProof = `c=${Buffer.from(GS2_HEADER).toString('base64')},r=${combined}`;
  const signed = `${bare},${challenge},${withoutProof}`;
  const signature = hmac(createHash(digest).update(clientKey).digest(), signed);
  const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0));
  return {
    final: `${withoutProof},p=${Buffer.from(proof).toString('base64')}`,
    serverSignature: hmac(hmac(salted, 'Server Key'), signed),
  };
}

function attributes(message: string): ReadonlyMap<string, string> {
  return new Map(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}

function escapeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

function newNonce(): string {
  return randomBytes(24).toString('base64url');
}
