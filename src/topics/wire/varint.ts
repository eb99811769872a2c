/** Kafka's signed varints (zigzag, 7 bits a byte, least significant first), for counts and lengths: −1 ≤ n < 2³⁰. */

export function varintBytes(n: number): number {
  const zigzag = (n << 1) ^ (n >> 31);
  if (zigzag < 1 << 7) return 1;
  if (zigzag < 1 << 14) return 2;
  if (zigzag < 1 << 21) return 3;
  return zigzag < 1 << 28 ? 4 : 5;
}

/** Gives the place behind it. */
export function putVarint(bytes: Uint8Array, at: number, n: number): number {
  let rest = ((n << 1) ^ (n >> 31)) >>> 0;
  let place = at;
  while (rest > 127) {
    bytes[place++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[place++] = rest;
  return place;
}
