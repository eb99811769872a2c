import type { ConnectionOptions } from 'node:tls';

/** How to reach the Kafka cluster. */
export interface KafkaConfig {
  /** "host:port" of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  /** Names this process in the brokers' logs and quotas. */
  readonly clientId: string;
  /** true: TLS with the system's certificate authorities. */
  readonly ssl?: boolean | Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'servername'>;
  readonly sasl?: KafkaSasl;
  /** A broker that does not answer for so long is taken for dead, and its connection with it. Milliseconds. */
  readonly requestTimeoutMs?: number;
}

/** Noticed in time, with what it takes to connect anew: a half-open connection says nothing for ever. */
export const REQUEST_TIMEOUT_MS = 20_000;

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}
