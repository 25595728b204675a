import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { Interrupted } from '../../examples/demo/failures.ts';
import { showStep } from '../../examples/demo/step.ts';
import { createTerminal, cut, cutMiddle, type Output } from '../../examples/demo/terminal.ts';

const plainOutputs: readonly { title: string; output: Partial<Output> }[] = [
  { title: 'a pipe', output: {} },
  {
    title: 'a terminal without colours, as with NO_COLOR',
    output: { isTTY: true, columns: 80, hasColors: () => false },
  },
];

for (const { title, output } of plainOutputs) {
  test(`${title} gets plain lines only`, async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { terminal, written } = terminalOn(output);
    await showStep(terminal, { running: 'Server', done: (port: number) => `Server at ${port}` }, async (tell) => {
      tell('half way');
      t.mock.timers.tick(1_000);
      terminal.print(terminal.paint('red', 'a warning'));
      return 1234;
    });
    assert.match(written(), /^ {2}half way\na warning\n✓ Server at 1234 +\d\.\d s\n$/);
  });
}

for (const columns of [80, 40, 20]) {
  test(`a moving line stays clear of the last of ${columns} columns, where ^C would wrap it`, async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { terminal, written } = terminalOn({ isTTY: true, columns, hasColors: () => true });
    await showStep(terminal, { running: 'Server', done: () => 'Server' }, async (tell) => {
      tell('a very long line about progress '.repeat(5));
      t.mock.timers.tick(200);
    });
    const lines = written()
      .split(/[\r\n]/)
      .map(stripVTControlCharacters);
    assert.match(lines[1] ?? '', /^⠋ a ve.*…/);
    assert.deepEqual(
      lines.filter((line) => line.trimEnd().length > columns - 2),
      [],
    );
  });
}

test('a line that is printed stands above the moving one', () => {
  const { terminal, written } = terminalOn({ isTTY: true, columns: 80, hasColors: () => true });
  terminal.status('moving');
  terminal.print('printed');
  terminal.status('');
  assert.equal(written(), '\r\u001b[2Kmoving\r\u001b[2Kprinted\nmoving\r\u001b[2K');
});

test('a terminal that does not know its width has 80 columns, and what is no terminal has no end', () => {
  assert.equal(terminalOn({ isTTY: true, columns: 0 }).terminal.columns, 80);
  assert.equal(terminalOn({}).terminal.columns, Number.POSITIVE_INFINITY);
});

test('a step that fails is crossed out, one that the user interrupted just goes', async () => {
  const { terminal, written } = terminalOn({});
  const titles = { running: 'Server', done: () => 'done' };
  await assert.rejects(
    showStep(terminal, titles, () => Promise.reject(new Interrupted())),
    Interrupted,
  );
  assert.equal(written(), '');
  await assert.rejects(
    showStep(terminal, titles, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(written(), '✗ Server\n');
});

test('a text is cut to the length that it may have', () => {
  assert.deepEqual(
    [5, 4, 3, 1, 0, -1].map((length) => cut('four', length)),
    ['four', 'four', 'fo…', '…', '', ''],
  );
});

test('a text that is cut in its middle keeps its end', () => {
  assert.deepEqual(
    [8, 7, 6, 2, 1, 0].map((length) => cutMiddle('12 of 80', length)),
    ['12 of 80', '12 … 80', '12… 80', '…0', '…', ''],
  );
});

function terminalOn(output: Partial<Output>) {
  let text = '';
  const terminal = createTerminal({ ...output, write: (chunk) => (text += chunk) });
  return { terminal, written: () => text };
}
