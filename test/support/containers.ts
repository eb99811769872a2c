import { GenericContainer, Network, type StartedTestContainer, Wait } from 'testcontainers';
import { chooseFreePort } from '../../src/embedded/free-port.ts';
import type { ServiceUrls } from '../../src/embedded/services.ts';

const POSTGRES = 'postgres:18';
const KAFKA = 'apache/kafka:4.3.1';
const REGISTRY = 'apicurio/apicurio-registry:3.0.9';
const START_TIMEOUT_MS = 180_000;

/** The services of docker-compose.yml, for a test run. Throws the name of the one that does not start. */
export async function startContainers(): Promise<{ urls: ServiceUrls; stop(): Promise<void> }> {
  const network = await new Network().start();
  const kafkaPort = await chooseFreePort([]);
  const [postgres, kafka] = await Promise.all([
    named(POSTGRES, postgresContainer().start()),
    named(KAFKA, kafkaContainer(kafkaPort).withNetwork(network).withNetworkAliases('kafka').start()),
  ]);
  const registry = await named(REGISTRY, registryContainer().withNetwork(network).start());
  const database = (name: string): string =>
    `postgres://postgres:freshet@${postgres.getHost()}:${postgres.getMappedPort(5432)}/${name}`;
  await postgres.exec(['createdb', '-U', 'postgres', 'source']);
  await postgres.exec(['createdb', '-U', 'postgres', 'target']);
  return {
    urls: {
      sourceUrl: database('source'),
      targetUrl: database('target'),
      kafkaBrokers: [`127.0.0.1:${kafkaPort}`],
      registryUrl: `http://${registry.getHost()}:${registry.getMappedPort(8080)}/apis/ccompat/v7`,
    },
    async stop() {
      await registry.stop();
      await Promise.all([postgres.stop(), kafka.stop()]);
      await network.stop();
    },
  };
}

function postgresContainer(): GenericContainer {
  return new GenericContainer(POSTGRES)
    .withEnvironment({ POSTGRES_PASSWORD: 'freshet' })
    .withCommand([
      '-c',
      'wal_level=logical',
      '-c',
      'max_replication_slots=20',
      '-c',
      'max_wal_senders=20',
      '-c',
      'max_connections=200',
    ])
    .withExposedPorts(5432)
    .withStartupTimeout(START_TIMEOUT_MS)
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2));
}

/** Two listeners: containers know the broker as `kafka`, the tests as 127.0.0.1. */
function kafkaContainer(port: number): GenericContainer {
  return new GenericContainer(KAFKA)
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_LISTENERS: 'INTERNAL://:19092,CONTROLLER://:9093,PLAINTEXT://:9092',
      KAFKA_ADVERTISED_LISTENERS: `INTERNAL://kafka:19092,PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'INTERNAL',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_LOG_RETENTION_MS: '-1',
      KAFKA_MESSAGE_MAX_BYTES: '9437184',
      KAFKA_REPLICA_FETCH_MAX_BYTES: '9437184',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
      KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS: '1000',
    })
    .withExposedPorts({ container: 9092, host: port })
    .withStartupTimeout(START_TIMEOUT_MS)
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/));
}

function registryContainer(): GenericContainer {
  return new GenericContainer(REGISTRY)
    .withEnvironment({
      APICURIO_STORAGE_KIND: 'kafkasql',
      APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: 'kafka:19092',
    })
    .withExposedPorts(8080)
    .withStartupTimeout(START_TIMEOUT_MS)
    .withWaitStrategy(Wait.forHttp('/health/ready', 8080));
}

async function named(image: string, starting: Promise<StartedTestContainer>): Promise<StartedTestContainer> {
  try {
    return await starting;
  } catch (cause) {
    throw new Error(`the container ${image} did not start: ${String(cause)}`, { cause });
  }
}
