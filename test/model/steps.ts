import { settled, type World } from './world.ts';

/** A step's number and three numbers that choose among what it can do. */
export type Step = readonly [step: number, a: number, b: number, c: number];

type Act = (world: World, a: number, b: number, c: number) => boolean | Promise<boolean>;

/** What a history dwells on. Weights by step; a step that is left out does not happen. */
export type Profile = Readonly<Partial<Record<StepName, number>>>;

const SCOPES = ['everything', 'filter', 'keys'] as const;
const STEERS = ['pause', 'resume', 'cancel'] as const;

const act = {
  write: (world, a, b, c) =>
    world.postgres.write(a % 3, b % world.shape.tables, (b >> 4) % world.shape.keys, c),
  truncate: (world, a, b) => world.postgres.truncate(a % 3, b % world.shape.tables),
  addColumn: (world, a, b) => world.postgres.addColumn(a % 3, b % world.shape.tables),
  commit: (world, a, b) =>
    onConnection(world, 'running', a, (connection) => world.postgres.commit(connection, b)),
  show: (world, a) => onConnection(world, 'committed', a, (connection) => world.postgres.show(connection)),
  abort: (world, a) => onConnection(world, 'running', a, (connection) => world.postgres.abort(connection)),
  wal: (world, a) => {
    world.postgres.writeWal(a);
    return true;
  },
  slot: (world, a) => {
    if (world.slot.created) return false;
    endRunning(world, a);
    return world.createSlot();
  },
  createSlot: (world) => world.createSlot(),
  start: (world, a) => world.start(a % 4 === 0),
  send: (world, a) => world.slot.send(1 + (a % 6)),
  keepalive: (world, a) => world.slot.keepalive(a % 3 !== 0),
  read: (world, a) => world.reader.advance(a),
  readFails: (world, a) => world.reader.fail(a),
  kafka: (world) => world.kafka.commitNext(),
  kafkaFails: (world, a) => {
    if (world.session === null) return false;
    world.session.isDoomed = true;
    return world.kafka.failNext(a % 2 === 0);
  },
  tick: (world, a) => {
    world.clock.pass(a % 3 === 0 ? 1_000 : 50);
    return true;
  },
  persist: (world) => {
    world.slot.persist();
    return false;
  },
  crash: (world, a) => world.crash(a % 2 === 0),
  reconnect: (world) => whileRunning(world, () => world.session?.loseConnection()),
  stop: (world) => whileRunning(world, () => world.session?.stop()),
  restore: (world, a, b) => {
    endRunning(world, b);
    return world.restore(a);
  },
  refresh: (world, a, b) =>
    world.requestRefresh(
      a % world.shape.tables,
      SCOPES[b % SCOPES.length] ?? 'filter',
      (b >> 4) % world.shape.keys,
    ),
  steer: (world, a, b) => world.steerRefresh(a, STEERS[b % STEERS.length] ?? 'pause'),
  refuse: (world, a, b) => world.refuse(a % world.shape.tables, b % 3 !== 0),
  look: (world) => world.look(),
  rename: (world, a) => world.rename(a % world.shape.tables),
  refreshKey: (world, a, b) => world.requestKey(a % world.shape.tables, b % world.shape.keys),
  consume: (world, a, b) => world.sink.consume(a, 1 + (b % 4)),
  rewind: (world) => {
    world.sink.rewind();
    return false;
  },
} as const satisfies Record<string, Act>;

export type StepName = keyof typeof act;

const EVEN: Profile = {
  write: 22,
  truncate: 1,
  addColumn: 0.3,
  commit: 9,
  show: 7,
  abort: 1,
  wal: 2,
  slot: 6,
  start: 8,
  send: 10,
  keepalive: 4,
  read: 16,
  readFails: 0.3,
  kafka: 14,
  kafkaFails: 0.3,
  tick: 3,
  persist: 1,
  crash: 1.2,
  reconnect: 0.6,
  stop: 0.3,
  restore: 0.3,
  refresh: 1,
  steer: 0.5,
  refreshKey: 1,
  consume: 5,
  rewind: 0.5,
};

/** Each dwells on what the others meet too rarely. */
export const PROFILES: readonly Profile[] = [
  EVEN,
  // Truncates between a chunk's read and its publishing.
  { ...EVEN, write: 12, truncate: 5, commit: 12, show: 12, read: 20, refresh: 4, keepalive: 1 },
  // Commits that stay invisible for long.
  { ...EVEN, show: 2, start: 10, crash: 3, refresh: 3 },
  // Long transactions that are published piece by piece, with restarts in their middle.
  {
    ...EVEN,
    write: 40,
    commit: 4,
    show: 3,
    send: 16,
    crash: 3,
    reconnect: 2,
    start: 12,
    refresh: 4,
    keepalive: 2,
    tick: 1,
  },
  // A quiet source: passed stands still while chunks and restarts go on.
  {
    ...EVEN,
    write: 5,
    commit: 5,
    show: 5,
    read: 30,
    kafka: 24,
    keepalive: 6,
    refreshKey: 6,
    refresh: 5,
    crash: 5,
    start: 14,
    wal: 0,
  },
  // Gaps, one after the other.
  { ...EVEN, restore: 2, persist: 3, start: 10, addColumn: 1 },
  // First refreshes of tables that are written to.
  {
    ...EVEN,
    write: 26,
    commit: 14,
    show: 10,
    slot: 2,
    send: 16,
    read: 10,
    kafka: 16,
    restore: 1.5,
    keepalive: 1,
    abort: 0,
  },
  // Transactions that are half published, and invisible for long when they are wholly so.
  {
    ...EVEN,
    write: 26,
    commit: 6,
    show: 1,
    abort: 0,
    send: 14,
    read: 30,
    kafka: 20,
    keepalive: 6,
    crash: 3,
    start: 18,
    refresh: 6,
    refreshKey: 4,
    readFails: 2,
    tick: 4,
    truncate: 0.3,
    restore: 0,
  },
  // Hot keys in a refresh after a gap.
  {
    ...EVEN,
    write: 30,
    commit: 18,
    show: 14,
    slot: 2,
    send: 20,
    read: 14,
    kafka: 20,
    restore: 2.5,
    start: 16,
    keepalive: 2,
    abort: 0,
    truncate: 0,
    wal: 0,
  },
  // Shapes that the registry refuses for a while, with the table written to meanwhile.
  {
    ...EVEN,
    write: 26,
    commit: 14,
    show: 10,
    addColumn: 4,
    refuse: 2,
    rename: 1,
    look: 8,
    send: 16,
    read: 20,
    kafka: 20,
    keepalive: 6,
    crash: 2,
    start: 16,
    refresh: 2,
    restore: 0.5,
  },
];

/** The weights of a profile, summed up: the first sum above a number in [0, total) is its step. */
const SUMS = PROFILES.map((profile) => {
  let sum = 0;
  return (Object.keys(act) as StepName[]).map((name) => ({ name, upTo: (sum += profile[name] ?? 0) }));
});

const STEP_RANGE = 65_536;

export function stepOf(profile: number, number: number): StepName {
  const sums = SUMS[profile % SUMS.length] ?? [];
  const at = (number / STEP_RANGE) * (sums.at(-1)?.upTo ?? 0);
  return sums.find(({ upTo }) => at < upTo)?.name ?? 'write';
}

/** Nothing happens, and nothing is waited for, where a step cannot be done now. */
export async function perform(world: World, name: StepName, a: number, b: number, c: number): Promise<void> {
  const step: Act = act[name];
  if (await step(world, a, b, c)) await settled();
  world.laws.check();
}

function onConnection(
  world: World,
  state: 'running' | 'committed',
  choice: number,
  apply: (connection: number) => void,
): boolean {
  const connections = world.postgres.connectionsIn(state);
  const connection = connections[choice % Math.max(1, connections.length)];
  if (connection === undefined) return false;
  apply(connection);
  return true;
}

/** A slot's creation waits for running transactions; that their commit records are written does not make them visible. */
function endRunning(world: World, choice: number): void {
  for (const connection of world.postgres.connectionsIn('running')) {
    world.postgres.commit(connection, choice);
    if ((choice >> connection) % 2 === 0) world.postgres.show(connection);
  }
}

function whileRunning(world: World, apply: () => void): boolean {
  if (world.session === null) return false;
  apply();
  return true;
}
