import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, levelFromLoggingConfig } from '../../src/process/log.ts';

type Level = Parameters<typeof createLog>[0]['level'];

/** A log of `level`, and its lines. */
function logOf(level: Level): { log: ReturnType<typeof createLog>; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return { log: createLog({ component: 'apiserversource', level, destination }), lines };
}

test('an entry is one line of JSON with the keys that Knative’s components use', () => {
  const { log, lines } = logOf('info');
  log.child({ stream: 'pods.v1' }).warn({ waitMs: 5, detail: 'a\r\n{"level":"error"}' }, 'watch interrupted');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^[^\r\n]*\n$/);
  const { ts, ...entry } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.deepEqual(entry, {
    level: 'warn',
    logger: 'apiserversource',
    stream: 'pods.v1',
    waitMs: 5,
    detail: 'a\r\n{"level":"error"}',
    msg: 'watch interrupted',
  });
  assert.match(String(ts), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('an error keeps its message and its stack', () => {
  const { log, lines } = logOf('info');
  log.error(new TypeError('x is not a function'), 'bug');
  const { error, msg } = JSON.parse(lines[0] ?? '') as { error: { message: string; stack: string }; msg: string };
  assert.equal(msg, 'bug');
  assert.equal(error.message, 'x is not a function');
  assert.match(error.stack, /log\.test\.ts/);
});

test('entries below the level are not written', () => {
  const rows: [Level, written: string[]][] = [
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ];
  for (const [level, written] of rows) {
    const { log, lines } = logOf(level);
    for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each](each);
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
      written,
    );
  }
});

test('the level is that of the component, else that of all, else info', () => {
  const zap = (level: unknown) => ({ 'zap-logger-config': JSON.stringify({ level, encoding: 'json' }) });
  const rows: [config: unknown, level: Level][] = [
    [zap('debug'), 'debug'],
    [zap('error'), 'error'],
    [{ ...zap('debug'), 'loglevel.apiserversource': 'warn' }, 'warn'],
    [{ ...zap('warn'), 'loglevel.controller': 'debug' }, 'warn'],
    [{ 'loglevel.apiserversource': 'error' }, 'error'],
    [zap('fatal'), 'info'],
    [zap('DEBUG'), 'info'],
    [zap(5), 'info'],
    [{ ...zap('debug'), 'loglevel.apiserversource': 'loud' }, 'info'],
    [{ 'zap-logger-config': { level: 'debug' } }, 'info'],
    [{ 'zap-logger-config': '{' }, 'info'],
    [{}, 'info'],
    [[], 'info'],
    [null, 'info'],
    ['debug', 'info'],
    [JSON.parse('{"__proto__":{"loglevel.apiserversource":"debug"}}'), 'info'],
  ];
  for (const [config, level] of rows) {
    assert.equal(levelFromLoggingConfig(JSON.stringify(config), 'apiserversource'), level, JSON.stringify(config));
  }
  for (const text of [undefined, '', '{{', 'debug', '['.repeat(100_000)]) {
    assert.equal(levelFromLoggingConfig(text, 'apiserversource'), 'info');
  }
});
