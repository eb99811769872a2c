import { describe, expect, it } from 'vitest';
import { authenticate } from '../../../src/topics/wire/sasl.ts';

/** RFC 7677, section 3. */
const LOGIN = { mechanism: 'scram-sha-256', username: 'user', password: 'pencil' } as const;
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const CLIENT_FIRST = `n,,n=user,r=${NONCE}`;
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const CLIENT_FINAL = `c=biws,r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

describe('authenticate', () => {
  it('speaks SCRAM as its RFC does', async () => {
    const { said, exchange } = conversation([SERVER_FIRST, SERVER_FINAL]);
    await authenticate(LOGIN, exchange, NONCE);
    expect(said).toEqual([CLIENT_FIRST, CLIENT_FINAL]);
  });

  it.each([
    [
      'a wrong signature',
      SERVER_FIRST,
      'v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
      /does not know the password/,
    ],
    ['an error for a signature', SERVER_FIRST, 'e=other-error', /other-error/],
    ["somebody else's nonce", SERVER_FIRST.replace(NONCE, 'another'), SERVER_FINAL, /nonce/],
    [
      'a nonce without a part of its own',
      SERVER_FIRST.replace('%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0', ''),
      SERVER_FINAL,
      /nonce/,
    ],
    ['too few iterations', SERVER_FIRST.replace('i=4096', 'i=1'), SERVER_FINAL, /iterations/],
    ['no iterations', SERVER_FIRST.replace(',i=4096', ''), SERVER_FINAL, /iterations/],
  ])('refuses a broker with %s', async (_name, first, final, message) => {
    const { exchange } = conversation([first, final]);
    await expect(authenticate(LOGIN, exchange, NONCE)).rejects.toThrow(message);
  });

  it('escapes a name, and sends a plain password as PLAIN wants it', async () => {
    const scram = conversation([]);
    await expect(authenticate({ ...LOGIN, username: 'a=b,c' }, scram.exchange, NONCE)).rejects.toThrow(
      /nonce/,
    );
    expect(scram.said).toEqual([`n,,n=a=3Db=2Cc,r=${NONCE}`]);
    const plain = conversation([]);
    await authenticate({ mechanism: 'plain', username: 'u', password: 'p' }, plain.exchange);
    expect(plain.said).toEqual(['\0u\0p']);
  });
});

/** The broker's side, word by word. */
function conversation(answers: readonly string[]): {
  said: string[];
  exchange: (token: Buffer) => Promise<Buffer>;
} {
  const said: string[] = [];
  const exchange = async (token: Buffer): Promise<Buffer> => {
    said.push(token.toString());
    return Buffer.from(answers[said.length - 1] ?? '');
  };
  return { said, exchange };
}
