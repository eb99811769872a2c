import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** PEM texts. */
interface Certified {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly ca: string;
  /** An authority that signed none of these. */
  readonly other: string;
  /** For "localhost"; not valid for 127.0.0.1. */
  readonly server: Certified;
  readonly client: Certified;
}

const NEW_KEY = ['-newkey', 'rsa:2048', '-nodes'];

/** Makes authorities and certificates of the first in `folder`: server.crt, server.key and so on. */
export function makeCertificates(folder: string): Certificates {
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const authority = (name: string): string => {
    const out = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
    openssl('req', '-x509', ...NEW_KEY, ...out, '-subj', `/CN=${name}`, '-days', '2');
    return read(`${name}.crt`);
  };
  const certified = (name: string, subject: readonly string[]): Certified => {
    openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, ...subject);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-copy_extensions', 'copy'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.crt`, '-days', '2');
    return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
  };
  const ca = authority('ca');
  const other = authority('other');
  const server = certified('server', ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']);
  return { ca, other, server, client: certified('client', ['-subj', '/CN=freshet']) };
}
