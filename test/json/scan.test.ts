import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  endByBracket,
  endOfString,
  endOfValue,
  findMember,
  findValue,
  keyIs,
  memberSlot,
  nextElement,
  nextMember,
  NOT_JSON,
  skipSpace,
  stringValue,
} from '../../src/json/scan.ts';
import { anyDice, anyJson, anyText, layOut } from '../support/json-text.ts';

const anyDocument = fc.tuple(anyJson(), anyDice()).map(([value, dice]) => layOut(value, dice));

/** The members of the object in `bytes`, or undefined where the walk met broken bytes. */
function membersOf(bytes: Buffer): [key: string | undefined, value: string][] | undefined {
  const member = memberSlot();
  const found: [string | undefined, string][] = [];
  for (let at = nextMember(bytes, 0, member); at !== 0; at = nextMember(bytes, at, member)) {
    if (at === NOT_JSON) return undefined;
    found.push([stringValue(bytes, member.key, member.keyEnd), bytes.toString('utf8', member.value, member.end)]);
  }
  return found;
}

function elementsOf(bytes: Buffer): string[] | undefined {
  const element = memberSlot();
  const found: string[] = [];
  for (let at = nextElement(bytes, 0, element); at !== 0; at = nextElement(bytes, at, element)) {
    if (at === NOT_JSON) return undefined;
    found.push(bytes.toString('utf8', element.value, element.end));
  }
  return found;
}

test('a walk meets exactly the members and elements that JSON.parse sees, however the document is laid out', () => {
  fc.assert(
    fc.property(anyDocument, (text) => {
      const bytes = Buffer.from(text);
      const value: unknown = JSON.parse(text);
      if (Array.isArray(value)) {
        assert.deepEqual(elementsOf(bytes)?.map(parse), value);
        assert.equal(membersOf(bytes), undefined);
      } else if (typeof value === 'object' && value !== null) {
        const walked = membersOf(bytes)?.map(([key, it]) => [key, parse(it)] as const);
        assert.deepEqual(new Map(walked), new Map(Object.entries(value)));
        assert.equal(walked?.length, Object.keys(value).length);
        assert.equal(elementsOf(bytes), undefined);
      } else {
        assert.equal(membersOf(bytes), undefined);
        assert.equal(elementsOf(bytes), undefined);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a value ends where its text does, whatever stands behind it', () => {
  const after = fc.constantFrom('', ',', '}', ']', ' ', '\n', ':', ',"a":1}', '}]"\\');
  fc.assert(
    fc.property(anyDocument, after, fc.nat(3), (text, more, before) => {
      const bytes = Buffer.from(' '.repeat(before) + text + more);
      assert.equal(endOfValue(bytes, skipSpace(bytes, 0)), before + Buffer.byteLength(text));
    }),
    { numRuns: 1_000 },
  );
});

test('a search for the end of an array finds what reading finds, or says that it cannot tell', () => {
  const tricky = fc.oneof(anyText(), fc.constantFrom(']', '[', '"],"a', ']},"a":', '],', '\\"]', ''));
  const element = fc.oneof(tricky, anyJson(), fc.dictionary(tricky, tricky, { maxKeys: 3 }));
  const member = fc.tuple(tricky, fc.oneof(fc.array(element, { maxLength: 4 }), element));
  let found = 0;
  fc.assert(
    fc.property(fc.array(member, { maxLength: 4 }), fc.option(anyDice()), (members, dice) => {
      const value = Object.fromEntries([...members, ['last', 1]]);
      const bytes = Buffer.from(dice === null ? JSON.stringify({ value }) : layOut({ value }, dice));
      for (let at = bytes.indexOf('['); at >= 0; at = bytes.indexOf('[', at + 1)) {
        // A bracket in a string is not where anybody looks.
        if (!isStructural(bytes, at)) continue;
        const end = endByBracket(bytes, at);
        if (end === NOT_JSON) continue;
        assert.equal(end, endOfValue(bytes, at), bytes.toString());
        found++;
      }
    }),
    { numRuns: 2_000 },
  );
  assert.ok(found > 100, `${found} were found`);
});

test('the end of an array is found by its bracket where nothing else can stand for it', () => {
  for (const [text, end] of [
    ['[{"f:a":{}}]},"spec":{}', 12],
    ['[],"a":1', 2],
    ['["x"]}},"a":1', 5],
    ['["]"]},"a":1', NOT_JSON],
    ['[[1]],"a":1', NOT_JSON],
    ['["["],"a":1', NOT_JSON],
    ['["a],","b"],"c":1', NOT_JSON],
    ['[1]}', NOT_JSON],
    ['[1] ,"a":1', NOT_JSON],
    ['[1],"\\u0061":1', NOT_JSON],
    ['[1', NOT_JSON],
    ['{"a":[1]},"b":1', NOT_JSON],
    ['', NOT_JSON],
  ] as const)
    assert.equal(endByBracket(Buffer.from(text), 0), end, text);
});

test('a string of any length ends where JSON.parse says, however many quotes and backslashes are in it', () => {
  const piece = fc.constantFrom('\\\\', '\\"', '\\n', 'a', 'x'.repeat(47), 'y'.repeat(96), '[', '}', '€');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = `"${pieces.join('')}"`;
      const bytes = Buffer.from(`${text},"b"`);
      const end = Buffer.byteLength(text);
      assert.equal(endOfString(bytes, 0), end);
      assert.equal(endOfString(bytes.subarray(0, end - 1), 0), NOT_JSON);
      assert.equal(endOfValue(Buffer.from(`[${text}],"b"`), 0), end + 2);
      assert.equal(endOfValue(Buffer.from(`[${text}`), 0), NOT_JSON);
    }),
    { numRuns: 500 },
  );
});

test('a document that is cut short has no end', () => {
  fc.assert(
    fc.property(anyDocument, (text) => {
      const bytes = Buffer.from(text);
      if (!/^["[{]/.test(text)) return;
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        assert.equal(endOfValue(cut, 0), NOT_JSON, cut.toString());
        if (text.startsWith('{')) assert.equal(membersOf(cut), undefined);
        if (text.startsWith('[')) assert.equal(elementsOf(cut), undefined);
      }
    }),
  );
});

test('no bytes make a function throw, read past the end or stay where it is', () => {
  const anyBytes = fc
    .tuple(anyDocument, fc.array(fc.tuple(fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 3 })), { maxLength: 3 }))
    .map(([text, corruptions]) => corrupted(Buffer.from(text), corruptions));
  const name = Buffer.from('name');
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const inside = (end: number, at: number) => assert.ok(end === NOT_JSON || (end > at && end <= bytes.length));
      const slot = memberSlot();
      for (let at = 0; at <= bytes.length; at++) {
        inside(endOfValue(bytes, at), at);
        inside(endOfString(bytes, at), at);
        inside(endByBracket(bytes, at), at);
        assert.ok(skipSpace(bytes, at) >= at && skipSpace(bytes, at) <= bytes.length);
        for (const step of [nextMember, nextElement]) {
          const next = step(bytes, at, slot);
          if (next !== 0) inside(next, at);
        }
        findMember(bytes, at, name, slot);
        inside(findValue(bytes, at, name, slot), at);
        stringValue(bytes, at, bytes.length);
      }
    }),
    { numRuns: 500 },
  );
});

test('a key is recognised in every way of writing it, and no other key is', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'n', '-', '.', '/', '0'), maxLength: 6 });
  fc.assert(
    fc.property(fc.oneof(name, anyText()), name, anyDice(), (key, wanted, dice) => {
      const bytes = Buffer.from(layOut({ [key]: 1 }, dice));
      const member = memberSlot();
      assert.ok(nextMember(bytes, 0, member) > 0);
      assert.equal(keyIs(bytes, member, Buffer.from(wanted)), key === wanted);
    }),
    { numRuns: 1_000 },
  );
});

test('a string comes out as JSON.parse reads it, and what is no string does not', () => {
  fc.assert(
    fc.property(anyText(40), anyDice(), (text, dice) => {
      const bytes = Buffer.from(layOut(text, dice));
      assert.equal(stringValue(bytes, 0, bytes.length), text);
    }),
    { numRuns: 1_000 },
  );
  const noStrings = ['', '"', '1', 'null', '{"a":1}', '["a"]', '"\\x"', '"\\u12"', '"a\nb"', '"a\tb"'];
  for (const text of noStrings) {
    const bytes = Buffer.from(text);
    assert.equal(stringValue(bytes, 0, bytes.length), undefined, text);
  }
});

test('the words of a document and the ends of its values', () => {
  const rows: [text: string, end: number][] = [
    ['{}', 2],
    ['[]', 2],
    ['[] []', 2],
    ['""', 2],
    ['"\\""', 4],
    ['"\\\\"', 4],
    ['"\\\\\\"', NOT_JSON],
    ['"}"', 3],
    ['{"}":"]"}', 9],
    ['-1.5E+10,', 8],
    ['true}', 4],
    ['null', 4],
    ['\u2028', NOT_JSON],
    ['', NOT_JSON],
    [' 1', NOT_JSON],
    ['}', NOT_JSON],
    [']', NOT_JSON],
    [',', NOT_JSON],
    [':', NOT_JSON],
    ['[[]', NOT_JSON],
    ['{"a":"b', NOT_JSON],
    ['{"a', NOT_JSON],
  ];
  for (const [text, end] of rows) assert.equal(endOfValue(Buffer.from(text), 0), end, text);
});

test('an object with a broken member is not walked to its end', () => {
  const broken = [
    '',
    'null',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{,"a":1}',
    '{"a" 1}',
    '{"a":}',
    '{a:1}',
    '{"a":1]',
    '{"a":1 "b":2}',
    '{1:2}',
  ];
  for (const text of broken) assert.equal(membersOf(Buffer.from(text)), undefined, text);
  const brokenLists = ['', '{}', '[', '[1', '[1,', '[1,]', '[,1]', '[1 2]', '[1}'];
  for (const text of brokenLists) assert.equal(elementsOf(Buffer.from(text)), undefined, text);
});

test('the first of two members of one name is found, and only at the top of the object', () => {
  const find = (text: string): string | undefined => {
    const bytes = Buffer.from(text);
    const member = memberSlot();
    const value = findValue(bytes, 0, Buffer.from('name'), member);
    const found = findMember(bytes, 0, Buffer.from('name'), member);
    assert.equal(value, found ? member.value : NOT_JSON);
    return found ? bytes.toString('utf8', member.value, member.end) : undefined;
  };
  assert.equal(find('{"name":1,"name":2}'), '1');
  assert.equal(find('{ "a" : 1 , "name" : 2 }'), '2');
  assert.equal(find('{"a":{"name":1},"b":["name"],"c":"name","\\u006eame":2}'), '2');
  assert.equal(find('{"a":{"name":1},"b":["name"],"c":"name","names":3,"nam":4,"Name":5}'), undefined);
  assert.equal(find('{"a" "b","name":1}'), undefined);
  assert.equal(find('[{"name":1}]'), undefined);
  assert.equal(find('{}'), undefined);
});

test('depth and size of a document cost time in proportion, and no stack', () => {
  const depth = 100_000;
  const nested = `${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`;
  const text = `{"deep":${nested},"long":"${'x\\"'.repeat(1_000_000)}","last":1}`;
  const bytes = Buffer.from(text);
  assert.equal(endOfValue(bytes, 0), bytes.length);
  assert.deepEqual(
    membersOf(bytes)?.map(([key, value]) => [key, value.length]),
    [
      ['deep', nested.length],
      ['long', 3_000_002],
      ['last', 1],
    ],
  );
  assert.equal(endOfValue(bytes.subarray(0, -1), 0), NOT_JSON);
  assert.equal(endOfValue(Buffer.alloc(1_000_000, '['), 0), NOT_JSON);
});

function parse(text: string): unknown {
  return JSON.parse(text);
}

function corrupted(
  bytes: Buffer,
  corruptions: readonly (readonly [at: number, remove: number, put: Uint8Array])[],
): Buffer {
  let result = bytes;
  for (const [at, remove, put] of corruptions) {
    const start = at % (result.length + 1);
    result = Buffer.concat([result.subarray(0, start), put, result.subarray(start + (remove % 3))]);
  }
  return result;
}

/** Whether the byte at `at` stands in no string. */
function isStructural(bytes: Buffer, at: number): boolean {
  let inString = false;
  for (let i = 0; i < at; i++) {
    if (inString && bytes[i] === 0x5c) i++;
    else if (bytes[i] === 0x22) inString = !inString;
  }
  return !inString;
}
