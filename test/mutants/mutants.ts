/** A defect that someone could write, as a textual change of one file. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Must occur exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Integration tests that are to catch it, where the model cannot: the code needs a real PostgreSQL. */
  readonly tests?: readonly string[];
}

const MERGE = 'src/capture/merge.ts';
const WINDOW = 'src/snapshot/window.ts';
const SCHEDULER = 'src/capture/snapshot-scheduler.ts';
const CHUNK = 'src/capture/chunk.ts';
const CONTROL = 'src/capture/control-desk.ts';
const LOOP = 'src/capture/publish-loop.ts';
const XIDS = 'src/snapshot/published-xids.ts';
const WALK = 'src/snapshot/key-walk.ts';
const GUARD = 'src/capture/table-guard.ts';
const APPLIER = 'src/capture/stream-applier.ts';
const READER = 'test/model/simulated-reader.ts';
const SINK = 'test/model/reference-sink.ts';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a change counts as seen once its LSN is below high: no visibility by transaction id',
    file: WINDOW,
    find: 'for (const xid of xids) if (isInProgress(visibility, xid)) return true;\n  return false;',
    replace: 'return xids.size < 0 && isInProgress(visibility, 0);',
  },
  {
    name: 'no stale check',
    file: SCHEDULER,
    find: 'if (stale.length === 0) {',
    replace: 'if (stale.length >= 0) {',
  },
  {
    name: 'transactions in progress at the start are forgotten',
    file: XIDS,
    find: 'this.#atStart = new Set(inProgressAtStart);',
    replace: 'this.#atStart = new Set([...inProgressAtStart].slice(0, 0));',
  },
  {
    name: 'being streamed exempts a transaction that was in progress at the start',
    file: XIDS,
    find: '    this.#index += 1;\n',
    replace: '    this.#index += 1;\n    this.#atStart.delete(xid);\n',
  },
  {
    name: 'an xid counts from its last published change',
    file: XIDS,
    find: 'if (!this.#firstPublished.has(xid)) this.#firstPublished.set',
    replace: 'this.#firstPublished.set',
  },
  {
    name: 'xids are compared as 64 bit numbers',
    file: 'src/change/visibility.ts',
    find: 'BigInt.asIntN(32, visibility.xmax - BigInt(xid))',
    replace: '(visibility.xmax - BigInt(xid))',
  },
  {
    name: 'a window ignores deletes',
    file: MERGE,
    find: '    this.#remember(table, before, transaction.xid, false);\n',
    replace: '    this.xids.published(transaction.xid);\n',
  },
  {
    name: 'a window ignores the old side of a changed key',
    file: MERGE,
    find: '      this.#delete(table, transaction, before);\n',
    replace:
      '      const old = this.#advance(table, transaction, 0);\n      if (old !== null) this.#writer.delete(table, before, old, transaction);\n',
  },
  {
    name: 'a window ignores truncates',
    file: MERGE,
    find: 'for (const window of this.#windowsOf(table.name)) window.truncated(transaction.xid);',
    replace: '',
  },
  {
    name: 'a window remembers only the last transaction of a key',
    file: WINDOW,
    find: '    seen.xids.add(xid);\n',
    replace:
      '    seen.xids.clear();\n    seen.xids.add(xid);\n    if (!incomplete) this.#keys.delete(key);\n',
  },
  {
    name: 'a chunk is published inside of a transaction',
    file: MERGE,
    find: 'return !this.#mid;',
    replace: 'return true;',
  },
  {
    name: 'no wait for high',
    file: SCHEDULER,
    find: 'this.#ready.find((chunk) => chunk.read.high <= merge.passed)',
    replace: 'this.#ready.find((chunk) => chunk.read.high >= 0n)',
  },
  {
    name: 'high is read before the chunk (in the simulated reader)',
    file: READER,
    find: 'high: toLsn(BigInt(this.#postgres.lsn)),',
    replace: 'high: toLsn(BigInt(read.lsnBefore)),',
  },
  {
    name: 'passed is the start of the commit record',
    file: MERGE,
    find: 'this.#passed = maxLsn(this.#passed, endLsn);',
    replace: 'this.#passed = maxLsn(this.#passed, commitLsn > endLsn ? endLsn : commitLsn);',
  },
  {
    name: 'passed is the last keepalive, not the highest',
    file: MERGE,
    find: 'this.#passed = maxLsn(this.#passed, walEnd);',
    replace: 'this.#passed = walEnd;',
  },
  {
    name: 'the count of snapshot rows restarts at 0',
    file: MERGE,
    find: 'this.#snapshotSeq = state.snapshotSeq;',
    replace: 'this.#snapshotSeq = 0;',
  },
  {
    name: 'a snapshot row stands at passed, not before it',
    file: MERGE,
    find: 'toLsn(this.#passed > 0n ? this.#passed - 1n : 0n)',
    replace: 'toLsn(this.#passed)',
  },
  {
    name: 'both records of a changed key get one index',
    file: MERGE,
    find: '      this.#create(table, transaction, 1, after);',
    replace:
      '      this.#lastSeq -= 1;\n      this.#create(table, { ...transaction, changes: transaction.changes - 0.5 }, 1, after);',
  },
  {
    name: 'records of before a restart are published again',
    file: MERGE,
    find: 'seq <= this.#lastSeq)) return null;',
    replace: 'seq <= this.#lastSeq)) this.#mid = true;',
  },
  {
    name: 'a truncate is written to one partition',
    file: MERGE,
    find: 'partition < table.partitions; partition++',
    replace: 'partition < Math.min(1, table.partitions); partition++',
  },
  {
    name: 'the checkpoint is committed behind its records',
    file: LOOP,
    find: '.publish(records, entries)\n',
    replace: '.publish(records, [])\n      .then(() => lease.publish([], entries))\n',
  },
  {
    name: 'the checkpoint is committed before its records',
    file: LOOP,
    find: '.publish(records, entries)\n',
    replace: '.publish([], entries)\n      .then(() => lease.publish(records, []))\n',
  },
  {
    name: 'an LSN is confirmed before Kafka has committed',
    file: LOOP,
    find: '    this.#commit = lease\n',
    replace: '    stream.confirm(state.passed);\n    this.#commit = lease\n',
  },
  {
    name: 'the end of a transaction plus one is confirmed',
    file: LOOP,
    find: 'stream.confirm(state.passed);',
    replace: 'stream.confirm((state.passed + 1n) as typeof state.passed);',
  },
  {
    name: 'what has been passed by now is confirmed, not what was committed',
    file: LOOP,
    find: 'stream.confirm(state.passed);',
    replace: 'stream.confirm(merge.passed);',
  },
  {
    name: 'a keepalive overtakes the queue',
    file: 'src/source/stream-queue.ts',
    find: '    this.#items.push(item);\n',
    replace:
      "    if (item.kind === 'keepalive') this.#items.splice(this.#head, 0, item);\n    else this.#items.push(item);\n",
  },
  {
    name: 'no refresh for a changed key without its TOASTed value',
    file: MERGE,
    find: 'if (record === 1 && incomplete)',
    replace: 'if (record === 1 && incomplete && table.partitions < 0)',
  },
  {
    name: 'no refresh for a skipped row whose change left a TOASTed value out',
    file: CHUNK,
    find: "if (verdict === 'skip-incomplete') merge.owed.owe(chunk.table.name, key);",
    replace: '',
  },
  {
    name: 'an owed key counts as settled though its row was skipped',
    file: CHUNK,
    find: "if (verdict === 'skip-incomplete' && whole === null) merge.owed.owe(name, key);",
    replace: "if (verdict === 'skip-incomplete' && whole === null) merge.owed.settle(name, key);",
  },
  {
    name: 'owed keys are kept in memory only',
    file: LOOP,
    find: '...merge.owed.drain(), ',
    replace: '',
  },
  {
    name: 'a change that left a TOASTed value out is put together with the row from before a dead letter',
    file: MERGE,
    find: 'if (incomplete && this.#isWithheld(table, after))',
    replace: 'if (incomplete && this.owed.size < 0 && this.#isWithheld(table, after))',
  },
  {
    name: 'what became a dead letter is kept in memory only',
    file: 'src/capture/owed-keys.ts',
    find: 'if (entry.withheld === true) setOf',
    replace: "if (entry.withheld === true && table === '') setOf",
  },
  {
    name: 'a change that follows a dead letter is left out, and its row not read',
    file: MERGE,
    find: 'this.owed.owe(table.name, table.codec.keyText(after));\n    else {',
    replace: 'this.#isWithheld(table, after);\n    else {',
  },
  {
    name: 'a delete whose old row is too large becomes a dead letter',
    file: 'src/capture/record-writer.ts',
    find: 'if (less !== null)',
    replace: 'if (less !== null && keyed.spans.length < 0)',
  },
  {
    name: 'a second read is by LIMIT',
    file: SCHEDULER,
    find: 'limit: task.range.isFixed ? null : this.#limit(task),',
    replace: 'limit: this.#limit(task),',
  },
  {
    name: 'the end of the table is fixed by a stale read',
    file: WALK,
    find: `    if (isEnd && part.upTo === null) return range;
    const fixed = { after: part.after, upTo: isEnd ? part.upTo : lastKey, isFixed: true };`,
    replace: `    if (lastKey === null && part.upTo === null) return range;
    const fixed = { after: part.after, upTo: isEnd ? (part.upTo ?? lastKey) : lastKey, isFixed: true };`,
  },
  {
    name: 'the end of a part is its last row',
    file: WALK,
    find: 'upTo: isEnd ? part.upTo : lastKey, isFixed',
    replace: 'upTo: lastKey ?? part.upTo, isFixed',
  },
  {
    name: 'the last part ends at the last point',
    file: WALK,
    find: 'const bounds = [part.after, ...points, null];',
    replace: 'const bounds = [part.after, ...points];',
  },
  {
    name: 'a restart goes on with the first part only',
    file: WALK,
    find: 'this.#parts = left.map(partOf);',
    replace: 'this.#parts = left.slice(0, 1).map(partOf);',
  },
  {
    name: 'a dropped range is not read again',
    file: WALK,
    find: 'if (range.isFixed) this.#idle.push(range);',
    replace: 'if (range.isFixed) this.finish(range);',
  },
  {
    name: 'open ranges of before a restart are forgotten',
    file: WALK,
    find: 'this.#open = open.map((range) => ({ ...range, isFixed: true }));',
    replace: 'this.#open = open.slice(0, 0).map((range) => ({ ...range, isFixed: true }));',
  },
  {
    name: 'progress of a plan goes into the checkpoint before its rows',
    file: SCHEDULER,
    find: '      this.#ready.push({ task: work.task',
    replace:
      "      if (work.task.kind === 'range') work.task.plan.finishRange(work.task.range);\n      this.#ready.push({ task: work.task",
  },
  {
    name: 'the epoch is ignored',
    file: MERGE,
    find: 'this.#epoch = state.epoch;',
    replace: 'this.#epoch = 1;',
  },
  {
    name: 'a new epoch is not greater than the last one',
    file: 'src/capture/merge-state.ts',
    find: 'return Math.max(last === null ? 0 : last + 1, Math.floor(nowMs / 1000));',
    replace: 'return last ?? Math.floor(nowMs / 1000);',
  },
  {
    name: 'a row is completed though its value was changed while it was read',
    file: CHUNK,
    find: '    if (isMissing && !last.untouched.has(column)) return null;\n',
    replace: '',
  },
  {
    name: 'only the last change tells what is untouched',
    file: WINDOW,
    find: 'before === null ? missing : missing.filter((column) => before.has(column))',
    replace: 'before === null || before !== null ? missing : []',
  },
  {
    name: 'a row is completed from one that was truncated away',
    file: WINDOW,
    find: '    if (someInProgress(this.#truncates, visibility)) return null;\n',
    replace:
      '    if (this.#truncates.size < 0) return someInProgress(this.#truncates, visibility) ? null : null;\n',
  },
  {
    name: 'a completed row keeps the columns that were read',
    file: CHUNK,
    find: 'textOf(isMissing ? row : last.tuple, column)',
    replace: 'textOf(row, column)',
  },
  {
    name: 'a change that is left out is not counted in its transaction',
    file: APPLIER,
    find: '    this.#merge.passOver(isWanted);\n',
    replace: '',
  },
  {
    name: 'changes that a halted table left out do not make chunks stale',
    file: MERGE,
    find: 'if (isHalted) this.xids.published(transaction.xid);',
    replace: '',
  },
  {
    name: 'a cured table goes on without a refresh',
    file: GUARD,
    find: '    this.#plan(initialPlan(id, epoch));\n',
    replace: '',
  },
  {
    name: 'a cured table goes on in its old epoch',
    file: GUARD,
    find: `const epoch = nextEpoch(this.#states.epochOf(table, merge.epoch), clock.now());
    this.#states.revive(table, epoch, facts);`,
    replace: `const epoch = this.#states.epochOf(table, merge.epoch) + 0 * clock.now() * nextEpoch(null, 0);
    this.#states.revive(table, epoch, facts);`,
  },
  {
    name: 'a halt is kept in memory only',
    file: 'src/capture/table-states.ts',
    find: '    this.#dirty.add(table);\n',
    replace: '',
  },
  {
    name: 'chunks that were read before a halt are published after it',
    file: GUARD,
    find: '    this.#options.merge.relationChanged(table);\n    this.#options.observer.halted(table, halt);',
    replace: '    this.#options.observer.halted(table, halt);',
  },
  {
    name: 'a request is done for the control topic before its refresh is in the checkpoint',
    file: CONTROL,
    find: 'for (const id of effects.plans ?? []) this.#changed.add(id);',
    replace: '',
  },
  {
    name: 'no sweep after a gap',
    file: LOOP,
    find: '      if (sweepBefore !== null) {',
    replace: '      if (sweepBefore !== null && sweepBefore < 0) {',
  },
  {
    name: 'a sweep does not wait for owed rows',
    file: LOOP,
    find: 'if (sweepBefore !== null && merge.owed.owes(formatTable(plan.request.table))) continue;',
    replace: '',
  },
  {
    name: "positions follow the transactions' first writes, as row LSNs do, not their commits",
    file: MERGE,
    find: 'const prefix = positionPrefix(this.#epoch, commitLsn);',
    replace: 'const prefix = positionPrefix(this.#epoch, toLsn(BigInt(xid)));',
  },
  {
    name: 'a consumer does not skip replays (in the reference sink)',
    file: SINK,
    find: ' || position <= lane.position) return;',
    replace: ') return;',
  },
  {
    name: 'changes of a table that has another name for a while are passed over',
    file: APPLIER,
    find: 'this.#guard.tableOf(message.relationOid, this.#wanted) ?? called',
    replace: 'called',
  },
  {
    name: 'another table that takes the name of a captured one is published as it',
    file: 'src/capture/table-states.ts',
    find: 'if (oid !== schema.relationOid)',
    replace: 'if (oid < 0)',
  },
  {
    name: 'high is read before the chunk',
    file: 'src/snapshot/chunk-reader.ts',
    find: `    const copied = await this.#copy(client, table, scope);
    const high = copied.cut ? await readHigh(this.#pool) : await readHigh(client);`,
    replace: `    const high = await readHigh(client);
    const copied = await this.#copy(client, table, scope);`,
    tests: ['test/snapshot/chunk-reader.integration.test.ts'],
  },
  {
    name: 'the snapshot is taken before the lock',
    file: 'src/snapshot/chunk-reader.ts',
    find: '    await client.query(`LOCK TABLE',
    replace: "    await client.query('SELECT pg_current_snapshot()');\n    await client.query(`LOCK TABLE",
    tests: ['test/snapshot/chunk-reader.integration.test.ts'],
  },
];
