import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readImageSettings } from '../../bench/image.ts';

test('the flags and variables are those that the Dockerfile gives to Node.js', () => {
  const dockerfile = ['ENV A=1', 'ENV B_C=x/y', '', 'ENTRYPOINT ["/bin/node", "--one", "--two=2", "/app/main.js"]'];
  assert.deepEqual(readImageSettings(dockerfile.join('\n')), {
    flags: ['--one', '--two=2'],
    environment: { A: '1', B_C: 'x/y' },
  });
  assert.throws(() => readImageSettings('FROM x'), /ENTRYPOINT/);
});

test('our own Dockerfile sets both', () => {
  const text = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  const { flags, environment } = readImageSettings(text);
  assert.ok(flags.length > 0);
  assert.notDeepEqual(environment, {});
});
