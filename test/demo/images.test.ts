import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { programOf, readImages } from '../../examples/demo/images.ts';
import type { Pod } from '../../examples/demo/pod.ts';

const folder = tmpdir();
const MAIN = '/main.ts';

test('a folder is where the user is, or from the root', () => {
  assert.deepEqual(readImages([`a:1=${folder}`, 'registry.example.com/b=.'], folder), {
    images: new Map([
      ['a:1', folder],
      ['registry.example.com/b', folder],
    ]),
  });
});

test('all that is wrong with images is told at once', () => {
  const texts = ['a', '=x', `watchbridge=${folder}`, `b=${folder}`, `b=${folder}`, 'c=no-such-folder'];
  assert.deepEqual(readImages(texts, dirname(folder)), {
    problems: [
      '--image must be NAME=FOLDER, such as my-source:latest=../my-source: found "a".',
      '--image must be NAME=FOLDER, such as my-source:latest=../my-source: found "=x".',
      "--image cannot be watchbridge, which is the demo's own; choose another name.",
      '--image has b twice; one folder can stand in for it.',
      `--image c: there is no folder ${dirname(folder).replace(/\/$/, '')}/no-such-folder.`,
    ],
  });
});

const PROGRAMS: readonly { image: string; args?: readonly string[]; runs: object | undefined }[] = [
  {
    image: 'watchbridge',
    args: ['adapter'],
    runs: { name: 'The adapter', args: [MAIN, 'adapter'], folder: '.', isOurs: true },
  },
  {
    image: 'watchbridge',
    args: ['event-display'],
    runs: { name: 'The event-display', args: [MAIN, 'event-display', '--port', '0'], folder: '.', isOurs: true },
  },
  { image: 'watchbridge', args: ['webhook'], runs: undefined },
  { image: 'watchbridge', runs: undefined },
  {
    image: 'my-source:latest',
    args: ['adapter-main.ts'],
    runs: { name: 'Pod one', args: ['adapter-main.ts'], folder, isOurs: false },
  },
  { image: 'my-source', args: ['adapter-main.ts'], runs: undefined },
  { image: 'nginx', runs: undefined },
];

for (const { image, args, runs } of PROGRAMS) {
  const verb = runs === undefined ? 'stays pending' : 'runs';
  test(`a Pod of the image ${image} with ${args === undefined ? 'no arguments' : args.join(' ')} ${verb}`, () => {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'one', namespace: 'shop' },
      spec: { containers: [{ name: 'main', image, ...(args !== undefined && { args }) }] },
    };
    assert.deepEqual(programOf(pod, new Map([['my-source:latest', folder]]), MAIN), runs);
  });
}
