import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import {
  assignRoundRobin,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../src/topics/group-assignment.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

const topic = fc.constantFrom('a', 'b', 'c', 'ö');
const members = fc.uniqueArray(
  fc.record({ memberId: fc.string({ minLength: 1 }), topics: fc.uniqueArray(topic, { minLength: 1 }) }),
  { minLength: 1, maxLength: 6, selector: ({ memberId }) => memberId },
);

describe('an assignment', () => {
  it('gives each partition to one member that wants it', () => {
    const law = fc.property(members, fc.nat({ max: 9 }), (subscribers, partitions) => {
      const numbers = Array.from({ length: partitions }, (_, i) => i);
      const assigned = assignRoundRobin(subscribers, () => numbers);
      for (const { memberId, topics } of subscribers)
        for (const given of assigned.get(memberId) ?? []) expect(topics).toContain(given.topic);
      const given = [...assigned.values()].flat().map((each) => `${each.topic}/${each.partition}`);
      const wanted = new Set(subscribers.flatMap(({ topics }) => topics));
      expect(new Set(given).size).toBe(given.length);
      expect(given).toHaveLength(wanted.size * partitions);
    });
    fc.assert(law);
  });

  it('is even where all want the same', () => {
    const subscribers = ['c', 'a', 'b'].map((memberId) => ({ memberId, topics: ['x', 'y'] }));
    const assigned = assignRoundRobin(subscribers, () => [0, 1, 2, 3]);
    expect([...assigned].map(([member, given]) => [member, given.length])).toEqual([
      ['a', 3],
      ['b', 3],
      ['c', 2],
    ]);
  });

  it('is written and read as by another client', () => {
    const topics = ['a', 'ö'];
    expect(decodeSubscription(encodeSubscription(topics))).toEqual(topics);
    expect(MemberMetadata.decode(encodeSubscription(topics))).toMatchObject({ version: 0, topics });
    const given = { a: [0, 2], ö: [1] };
    const partitions = Object.entries(given).flatMap(([name, numbers]) =>
      numbers.map((partition) => ({ topic: name, partition })),
    );
    expect(MemberAssignment.decode(encodeAssignment(partitions))?.assignment).toEqual(given);
    const theirs = MemberAssignment.encode({ version: 0, assignment: given, userData: Buffer.alloc(0) });
    expect(decodeAssignment(theirs)).toEqual(partitions);
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
  });
});
