import { type Command, Option } from 'commander';
import { planRepartition, type RepartitionRequest } from '../../capture/repartition.ts';
import { formatTable } from '../../change/table.ts';
import { stopOnSignals } from '../../runtime/shutdown.ts';
import { createKafka } from '../../topics/kafka.ts';
import { topicName } from '../../topics/names.ts';
import { partitionCounts, withAdmin } from '../../topics/topic-admin.ts';
import { CaptureLink } from '../backfill/capture-link.ts';
import { type CommandContext, config, type JsonOption } from '../context.ts';
import { Engine } from '../engine.ts';
import { wholeNumber, wholeNumberFrom } from '../option-values.ts';
import { repartitionTopic, type TopicReaders, topicReaders } from '../repartition.ts';
import { chosenSource, tableNamed } from '../sources.ts';
import { createLog, openTerminal } from '../terminal.ts';

interface RepartitionOptions extends JsonOption {
  readonly partitions: number;
  readonly source?: string;
  readonly timeout: number;
  readonly yes?: boolean;
}

/** `freshet topics …`. */
export function addTopics(program: Command, context: CommandContext): void {
  const topics = program.command('topics').description("the tables' topics");
  topics
    .command('repartition <table>')
    .description('give the topic more partitions, with a new epoch and a refresh; no capture may run')
    .addOption(
      new Option('--partitions <n>', 'how many it is to have')
        .argParser(wholeNumberFrom(1, 10_000))
        .makeOptionMandatory(),
    )
    .option('--source <name>', 'of that source, where several have the table')
    .option('--timeout <seconds>', 'wait so long for groups that are behind', wholeNumber, 0)
    .option('--yes', 'do it; without it, only say what would be done and who is behind')
    .option('--json', 'as one JSON object')
    .action((table: string, options: RepartitionOptions) => repartitionCommand(context, table, options));
}

/** Throws USAGE, PREFLIGHT where something must come first, SLOT_BUSY where a capture runs. */
async function repartitionCommand(
  context: CommandContext,
  name: string,
  options: RepartitionOptions,
): Promise<void> {
  const terminal = openTerminal(context.env, options.json === true);
  const table = tableNamed(name);
  const engine = new Engine(await config(context), createLog(terminal, true));
  const source = chosenSource(engine.config, options.source, table);
  const topic = topicName(source.prefix, table);
  const kafka = createKafka(engine.config.kafka);
  const counts = await withAdmin(kafka, (admin) => partitionCounts(admin, [topic]));
  const request = { table, topic, found: counts.get(topic), partitions: options.partitions };
  using link = await CaptureLink.open(engine.config, source);
  planRepartition(link.image, request, Date.now());
  const readers = await topicReaders(engine, topic, link.ends.get(topic) ?? []);
  using stop = stopOnSignals();
  if (options.yes === true) {
    const waiting = { timeoutMs: options.timeout * 1_000, signal: stop.signal };
    await repartitionTopic(engine, source, request, waiting);
  }
  if (terminal.json) terminal.out(JSON.stringify(report(request, readers, options.yes === true)));
  else for (const line of lines(request, readers, options.yes === true)) terminal.out(line);
}

function report(
  { table, topic, found, partitions }: RepartitionRequest,
  { own, foreign }: TopicReaders,
  done: boolean,
): object {
  const groups = own.map(({ group, isDone }) => ({ group, applied: done || isDone }));
  return { table: formatTable(table), topic, before: found, partitions, groups, otherGroups: foreign, done };
}

function* lines(
  { topic, found, partitions }: RepartitionRequest,
  { own, foreign }: TopicReaders,
  done: boolean,
): Generator<string> {
  yield `${topic}: ${found} → ${partitions} partitions`;
  for (const { group, isDone } of own)
    yield `  ${group} has ${done || isDone ? 'applied all of it' : 'NOT applied all of it: let it run first'}`;
  for (const { group, behind } of foreign)
    yield `  ${group} is not ours, and ${behind} offsets behind: what it has not read is removed`;
  if (done) yield 'done: start freshet capture, which publishes every row anew; running consumers follow';
  else yield 'nothing was changed: --yes does it';
}
