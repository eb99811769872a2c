type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The body was larger than the bound; the transfer was stopped. */
export class AnswerTooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`The answer is larger than ${maxBytes} bytes`);
    this.name = 'AnswerTooLargeError';
  }
}

/**
 * A fetch that has read the whole body when it resolves, so that one time-out covers headers and
 * body, that reads at most `maxBytes` (memory is bounded), and that follows no redirect, which would
 * carry the key and the conversation to another host.
 */
export function boundedFetch(maxBytes: number, inner: Fetch = fetch): Fetch {
  return async (input, init) => {
    const response = await inner(input, { ...init, redirect: 'manual' });
    const body = await readAtMost(response, maxBytes);
    const bodyless = response.status === 204 || response.status === 205 || response.status === 304;
    return new Response(bodyless ? null : body, {
      status: response.status === 0 ? 502 : response.status,
      statusText: response.statusText,
      headers: withoutEncoding(response.headers),
    });
  };
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body !== null) {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new AnswerTooLargeError(maxBytes);
      chunks.push(chunk);
    }
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** The body is decoded already; its old length and encoding would mislead the reader. */
function withoutEncoding(headers: Headers): Headers {
  const copy = new Headers(headers);
  copy.delete('content-encoding');
  copy.delete('content-length');
  return copy;
}
