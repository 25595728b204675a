import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineTemplate, patchLine } from '../../bench/objects.ts';

interface WatchLine {
  type: string;
  object: { metadata: { name: string; uid: string; resourceVersion: string; managedFields: object[] } };
}

for (const objectBytes of [3300, 20_000]) {
  for (const type of ['ADDED', 'MODIFIED'] as const) {
    test(`a line of type ${type} is JSON whose object takes ${objectBytes} bytes and survives parse and stringify`, () => {
      const text = lineTemplate(type, objectBytes).bytes.toString();
      assert.equal(text.at(-1), '\n');
      const line = JSON.parse(text) as WatchLine;
      assert.equal(line.type, type);
      assert.equal(JSON.stringify(line.object).length, objectBytes);
      assert.equal(`{"type":"${type}","object":${JSON.stringify(line.object)}}\n`, text);
      assert.notEqual(line.object.metadata.managedFields.length, 0);
    });
  }
}

test('patching a line changes its name, uid and resourceVersion and nothing else', () => {
  const template = lineTemplate('MODIFIED', 3300);
  const buffer = Buffer.concat([Buffer.from('before'), template.bytes, Buffer.from('after')]);
  patchLine(buffer, 6, template, { object: 987, version: 1_000_012_345 });

  const text = buffer.toString();
  assert.ok(text.startsWith('before{') && text.endsWith('}\nafter'));
  const original = JSON.parse(template.bytes.toString()) as WatchLine;
  const patched = JSON.parse(text.slice(6, -5)) as WatchLine;
  const { metadata } = original.object;
  assert.deepEqual(patched, {
    ...original,
    object: {
      ...original.object,
      metadata: {
        ...metadata,
        name: metadata.name.replace('00000', '00987'),
        uid: metadata.uid.replace('000000000000', '000000000987'),
        resourceVersion: '1000012345',
      },
    },
  });
});

test('a size below the smallest Pod is refused', () => {
  assert.throws(() => lineTemplate('ADDED', 1000), RangeError);
});
