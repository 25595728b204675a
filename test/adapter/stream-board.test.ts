import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStreamBoard } from '../../src/adapter/stream-board.ts';

test('it is ready when every stream is established', () => {
  const board = createStreamBoard(() => undefined);
  // Whoever serves it puts the streams on it first.
  assert.equal(board.ready(), true);
  board.set('a', { is: 'starting' });
  board.set('b', { is: 'established' });
  assert.equal(board.ready(), false);
  board.set('a', { is: 'established' });
  assert.equal(board.ready(), true);
  board.set('b', { is: 'failing', why: 'forbidden' });
  assert.equal(board.ready(), false);
  board.clear('b');
  assert.equal(board.ready(), true);
});

test('its lines say how each stream stands, those first that are not established', () => {
  const board = createStreamBoard(() => undefined);
  board.set('a', { is: 'established' });
  board.set('b', { is: 'failing', why: 'The API server refused the connection.' });
  board.set('c', { is: 'starting' });
  board.set('d', { is: 'established' });
  assert.deepEqual(board.lines(), [
    'b: The API server refused the connection.',
    'c: starting',
    'a: established',
    'd: established',
  ]);
  board.clear('c');
  board.set('b', { is: 'established' });
  assert.deepEqual(board.lines(), ['a: established', 'b: established', 'd: established']);
});

test('whoever listens hears of each standing, and of the end of an entry once', () => {
  const heard: [string, boolean | undefined][] = [];
  const board = createStreamBoard((stream, established) => heard.push([stream, established]));
  board.set('a', { is: 'starting' });
  board.set('a', { is: 'established' });
  board.set('a', { is: 'failing', why: 'x' });
  board.clear('a');
  board.clear('a');
  board.clear('never');
  assert.deepEqual(heard, [
    ['a', false],
    ['a', true],
    ['a', false],
    ['a', undefined],
  ]);
});

test('its summary counts streams, and says what keeps up to three of them from being watched', () => {
  const board = createStreamBoard(() => undefined);
  board.set('a', { is: 'established' });
  board.set('b', { is: 'starting' });
  assert.deepEqual(board.summary(), { total: 2, established: 1, problems: [] });
  for (const name of ['c', 'd', 'e', 'f']) board.set(name, { is: 'failing', why: 'No.' });
  assert.deepEqual(board.summary(), { total: 6, established: 1, problems: ['c: No.', 'd: No.', 'e: No.'] });
});

test('a reset forgets every entry, and whoever listens hears so', () => {
  const heard: [string, boolean | undefined][] = [];
  const board = createStreamBoard((stream, established) => heard.push([stream, established]));
  board.set('a', { is: 'established' });
  board.set('b', { is: 'starting' });
  heard.length = 0;
  board.reset();
  assert.deepEqual(heard, [
    ['a', undefined],
    ['b', undefined],
  ]);
  assert.deepEqual(board.lines(), []);
});
