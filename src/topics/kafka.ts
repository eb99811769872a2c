import kafkajs from 'kafkajs';
import type { Kafka, KafkaConfig as ClientConfig, SASLOptions } from 'kafkajs';
import { type KafkaConfig, type KafkaSasl, REQUEST_TIMEOUT_MS } from './kafka-config.ts';

export type { Kafka } from 'kafkajs';

/** Takes what the client has to say; without one it is silent, as what matters comes back as an error. */
export type KafkaLog = (level: 'info' | 'warn' | 'error', message: string) => void;

/**
 * A client of the cluster. A broker that is away for some seconds is waited for; who wants to wait
 * longer tries again, with a message.
 */
export function createKafka(config: KafkaConfig, log: KafkaLog = () => {}): Kafka {
  const options: ClientConfig = {
    clientId: config.clientId,
    brokers: [...config.brokers],
    connectionTimeout: 5_000,
    requestTimeout: config.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    logLevel: kafkajs.logLevel.WARN,
    logCreator:
      () =>
      ({ level, log: entry, namespace }) =>
        log(levelName(level), `Kafka client, ${namespace}: ${entry.message}`),
  };
  if (config.ssl !== undefined)
    options.ssl = typeof config.ssl === 'boolean' ? config.ssl : { ...config.ssl };
  if (config.sasl !== undefined) options.sasl = saslOptions(config.sasl);
  return new kafkajs.Kafka(options);
}

function saslOptions({ mechanism, username, password }: KafkaSasl): SASLOptions {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}

function levelName(level: kafkajs.logLevel): 'info' | 'warn' | 'error' {
  if (level === kafkajs.logLevel.ERROR) return 'error';
  return level === kafkajs.logLevel.WARN ? 'warn' : 'info';
}
