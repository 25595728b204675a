import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import { resumed } from '../../src/watch/watch-state.ts';
import { bookmark, endOfList, errorLine, headOf, knownIn } from './objects.ts';
import {
  type Exchange,
  lines,
  linesFor,
  linesThenReset,
  linesThenSilence,
  openLines,
  openLinesThen,
  page,
  play,
  refusal,
  type Transcript,
} from './scripted-stream.ts';

const MINUTES = 300_000;
const EXPIRED = errorLine({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' });

/** An empty list at version 10 and a watch there: where most scripts begin. */
const AT_10: Exchange = ['streaming list', lines(endOfList('10'))];

function positions({ steps }: Transcript): (string | undefined)[] {
  return steps.map(({ resumeAt }) => resumeAt);
}

function interruptions({ news }: Transcript): string[] {
  return news.flatMap((it) => (it.is === 'interrupted' ? [it.error.code] : []));
}

test('a stream lists, watches from where the list ended, and goes on where the server closed', async () => {
  const it = await play(
    [
      ['streaming list', lines('ADDED a u1@5', 'ADDED b u2@3', endOfList('10'))],
      ['watch 10', linesFor(MINUTES, 'MODIFIED a u1@11', bookmark('12'))],
      ['head', page('12')],
      ['watch 12', linesFor(MINUTES, 'DELETED b u2@13', 'ADDED c u3@14')],
      ['head', page('20')],
    ],
    { until: 'watch 14', stream: { initialEvents: 'all' } },
  );
  assert.deepEqual(it.told, [
    'add a u1@5 by list',
    'add b u2@3 by list',
    'update a u1@11 over u1@5',
    'delete b u2@13 over u2@3',
    'add c u3@14',
  ]);
  assert.deepEqual(it.waits, []);
  const [listSilence = 0, ...watchSilences] = it.silences;
  assert.ok(listSilence <= 15_000);
  // Bookmarks come once a minute, and a dead connection is to be noticed within 105 s.
  assert.ok(
    watchSilences.every((ms) => ms > 60_000 && ms <= 105_000),
    watchSilences.join(),
  );
  assert.deepEqual(knownIn(it.known), ['a u1@11', 'c u3@14']);
});

test('an object of a first list is no place to resume at; its end is, and every line of a watch', async () => {
  const it = await play(
    [
      ['streaming list', openLines('ADDED a u1@50', endOfList('60'))],
      ['watch 60', lines('MODIFIED a u1@61', bookmark('70'))],
      ['head', page('70')],
    ],
    { until: 'watch 70', stream: { initialEvents: 'all' } },
  );
  const resumable = positions(it).filter((position) => position !== undefined);
  assert.equal(resumable[0], '60');
  assert.equal(resumable.at(-1), '70');
  assert.ok(!resumable.includes('50'));
  assert.deepEqual(it.waits, []);
});

test('a first list is silent unless its objects were asked for', async () => {
  const it = await play([['streaming list', lines('ADDED a u1@5', endOfList('10'))]], { until: 'watch 10' });
  assert.deepEqual(it.told, []);
  assert.deepEqual(knownIn(it.known), ['a u1@5']);
});

test('a server that cannot stream a list is asked for pages instead', async (t) => {
  const refusals: [what: string, Exchange[1]][] = [
    ['422 Invalid', refusal(422, 'Invalid')],
    ['400 BadRequest', refusal(400, 'BadRequest')],
    ['ERROR 500', lines(errorLine({ code: 500, message: 'etcd is too old' }))],
    ['500', refusal(500, 'InternalError')],
    ['silence', linesThenSilence('ADDED a u1@5')],
    ['an end without a bookmark', lines('ADDED a u1@5')],
    ['a plain list', page('10', ['a u1@5'])],
  ];
  for (const [what, refuse] of refusals) {
    await t.test(`when it answers with ${what}`, async () => {
      const it = await play(
        [
          ['streaming list', refuse],
          ['list', page('10', ['a u1@5'], 'c1')],
          ['page c1', page('10', ['b u2@6'])],
        ],
        { until: 'watch 10', stream: { initialEvents: 'all' } },
      );
      assert.deepEqual(it.told, ['add a u1@5 by list', 'add b u2@6 by list']);
    });
  }
});

test('a server that refused to stream one list is not asked for another', async () => {
  const it = await play(
    [
      ['streaming list', refusal(422, 'Invalid')],
      ['list', page('10')],
      ['watch 10', lines(EXPIRED)],
      ['list', page('20')],
    ],
    { until: 'watch 20' },
  );
  assert.deepEqual(it.told, []);
});

test('a continue token that grew old begins the list anew, and nothing is told twice or missed', async () => {
  const it = await play(
    [
      ['streaming list', refusal(422, 'Invalid')],
      ['list', page('10', ['a u1@5', 'b u2@6'], 'c1')],
      ['page c1', refusal(410, 'Expired')],
      ['list', page('30', ['a u1@5', 'b u2@26'], 'c2')],
      ['page c2', page('30', ['c u3@7'])],
    ],
    { until: 'watch 30', stream: { initialEvents: 'all' } },
  );
  assert.deepEqual(it.told, [
    'add a u1@5 by list',
    'add b u2@6 by list',
    'update b u2@26 over u2@6 by list',
    'add c u3@7 by list',
  ]);
  assert.deepEqual(it.waits, [400]);
});

test('after a gap the list is compared with what was known: adds, updates, deletes and replacements', async (t) => {
  const endings: [what: string, Exchange[1]][] = [
    ['HTTP 410', refusal(410, 'Expired')],
    ['an ERROR event with 410', lines(EXPIRED)],
    ['lines and then an ERROR event', lines(bookmark('10'), EXPIRED)],
  ];
  for (const [what, expire] of endings) {
    await t.test(`when the watch ends with ${what}`, async () => {
      const it = await play(
        [
          ['streaming list', lines('ADDED a u1@1', 'ADDED b u2@2', 'ADDED c u3@3', 'ADDED d u4@4', endOfList('10'))],
          ['watch 10', expire],
          ['streaming list', lines('ADDED a u1@1', 'ADDED b u2@12', 'ADDED d u9@14', 'ADDED e u5@15', endOfList('20'))],
          ['past 10', page('10', ['a u1@1', 'b u2@2', 'c u3@3', 'd u4@4'])],
          ['watch 20', linesFor(MINUTES, 'DELETED e u5@21')],
          ['head', page('21')],
        ],
        { until: 'watch 21' },
      );
      assert.deepEqual(it.told, [
        'update b u2@12 over u2@2 by comparison',
        'delete d u4@4 over u4@4 by comparison, without body',
        'add d u9@14 by comparison',
        'add e u5@15 by comparison',
        'delete c u3@3 over u3@3 by comparison',
        'delete e u5@21 over u5@15',
      ]);
      assert.deepEqual(knownIn(it.known), ['a u1@1', 'b u2@12', 'd u9@14']);
      const found = { objects: 4, added: 2, updated: 1, deleted: 2 };
      assert.deepEqual(
        it.news.findLast((news) => news.is === 'listed'),
        {
          is: 'listed',
          why: 'expired',
          since: '10',
          resourceVersion: '20',
          lost: 'states',
          found,
        },
      );
    });
  }
});

test('what is gone is told without its body where the past is gone as well', async () => {
  const it = await play(
    [
      ['streaming list', lines('ADDED a u1@1', 'ADDED b u2@2', endOfList('10'))],
      ['watch 10', lines(EXPIRED)],
      ['streaming list', lines(endOfList('20'))],
      ['past 10', page('10', ['a u1@1'], 'c1')],
      ['page c1', refusal(410, 'Expired')],
    ],
    { until: 'watch 20' },
  );
  assert.deepEqual(it.told, [
    'delete a u1@1 over u1@1 by comparison',
    'delete b u2@2 over u2@2 by comparison, without body',
  ]);
  assert.equal(positions(it).at(-1), '20');
});

test('a stream that resumes without an index learns from the past what is gone by now', async () => {
  const it = await play(
    [
      ['head', page('50')],
      ['watch 10', lines(EXPIRED)],
      ['past 10', page('10', ['a u1@1'], 'c1')],
      ['page c1', page('10', ['b u2@2'])],
      ['streaming list', lines('ADDED b u2@2', 'ADDED c u3@13', endOfList('50'))],
      ['past 10', page('10', ['a u1@1'])],
    ],
    { until: 'watch 50', from: resumed({ resourceVersion: '10', epoch: 0 }, false) },
  );
  assert.deepEqual(it.told, ['add c u3@13 by comparison', 'delete a u1@1 over u1@1 by comparison']);
});

test('a server that went back in time is listed as another history, in which all that is known is told again', async () => {
  const known = createKnownObjects();
  for (const object of ['a u1@5', 'b u2@6']) known.remember(headOf(object));
  const it = await play(
    [
      ['head', page('7')],
      ['streaming list', lines('ADDED a u1@5', endOfList('7'))],
    ],
    { until: 'watch 7', from: resumed({ resourceVersion: '10', epoch: 0 }, true), knows: known },
  );
  assert.deepEqual(it.told, [
    'update a u1@5 over u1@5 by comparison',
    'delete b u2@6 over u2@6 by comparison, without body',
  ]);
  assert.deepEqual(
    it.steps.map(({ epoch }) => epoch),
    it.steps.map(() => 1),
  );
  assert.deepEqual(it.news[0], { is: 'rewound', position: '10', head: '7' });
});

test('a server that goes back in time while a list is asked for is found out by its end, streamed or in pages', async () => {
  const streamed: Exchange[] = [['streaming list', lines('ADDED a u1@103', endOfList('104'))]];
  const paged: Exchange[] = [
    ['streaming list', refusal(400, 'BadRequest')],
    ['list', page('104', ['a u1@103'])],
  ];
  for (const older of [streamed, paged]) {
    const known = createKnownObjects();
    known.remember(headOf('a u1@90'));
    const it = await play(
      [
        ['head', page('100')],
        ['watch 100', lines('MODIFIED a u1@105', errorLine({ code: 410, reason: 'Expired' }))],
        ...older,
        older === paged
          ? ['list', page('104', ['a u1@103'])]
          : ['streaming list', lines('ADDED a u1@103', endOfList('104'))],
      ],
      { until: 'watch 104', from: resumed({ resourceVersion: '100', epoch: 0 }, true), knows: known },
    );
    const [, ...after] = it.steps.filter(({ changes }) => changes.length > 0);
    assert.deepEqual(it.told.slice(0, 1), ['update a u1@105 over u1@90']);
    assert.ok(after.length > 0 && after.every(({ epoch }) => epoch === 1), JSON.stringify(after));
    assert.deepEqual(
      it.news.filter((news) => news.is === 'rewound'),
      [{ is: 'rewound', position: '105', head: '104' }],
    );
  }
});

test('a version whose watch is not understood three times is given up, and the objects are listed', async (t) => {
  const endings: [what: string, Exchange[1]][] = [
    ['a line that is not JSON', lines('ADDED x', '<html>')],
    ['an unknown type', lines('{"type":"ADDED","object":{}}')],
    ['an ERROR event with 500', lines(errorLine({ code: 500 }))],
    ['a page of a proxy', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['500', refusal(500, 'InternalError')],
    ['400', refusal(400, 'BadRequest')],
  ];
  for (const [what, end] of endings) {
    await t.test(`when it ends with ${what}`, async () => {
      const again: Exchange[] = [
        ['watch 10', end],
        ['head', page('12')],
      ];
      const it = await play(
        [
          ['streaming list', lines('ADDED a u1@5', endOfList('10'))],
          ...again,
          ...again,
          ['watch 10', end],
          ['streaming list', lines('ADDED a u1@11', endOfList('12'))],
        ],
        { until: 'watch 12' },
      );
      assert.deepEqual(it.told, ['update a u1@11 over u1@5 by comparison']);
      assert.deepEqual(it.waits, [400, 800]);
    });
  }
});

test('what came before a line that is not understood is told, and not asked for again', async () => {
  const it = await play(
    [
      AT_10,
      ['watch 10', lines('ADDED a u1@11', 'MODIFIED a u1@12', 'not JSON', 'MODIFIED a u1@13')],
      ['head', page('13')],
      ['watch 12', linesFor(MINUTES, 'MODIFIED a u1@13')],
      ['head', page('13')],
    ],
    { until: 'watch 13' },
  );
  assert.deepEqual(it.told, ['add a u1@11', 'update a u1@12 over u1@11', 'update a u1@13 over u1@12']);
});

test('after a line that is out of order the objects are listed, because lines before it may be missing', async () => {
  const it = await play(
    [
      AT_10,
      ['watch 10', openLines('ADDED a u1@12', 'ADDED b u2@11')],
      ['streaming list', lines('ADDED a u1@12', 'ADDED b u2@11', 'ADDED c u3@9', endOfList('20'))],
    ],
    { until: 'watch 20' },
  );
  assert.deepEqual(it.told, ['add a u1@12', 'add b u2@11 by comparison', 'add c u3@9 by comparison']);
  assert.deepEqual(interruptions(it), ['malformed']);
  assert.equal(it.news.find((news) => news.is === 'listed' && news.why === 'unintelligible')?.is, 'listed');
});

test('a stream that is told of a rewind ends its watch, raises its epoch and tells every object again', async () => {
  let rewound = new AbortController();
  const rewind = (): void => {
    const last = rewound;
    rewound = new AbortController();
    last.abort();
  };
  const it = await play(
    [
      ['streaming list', lines('ADDED a u1@5', 'ADDED b u2@6', endOfList('10'))],
      ['watch 10', openLinesThen(rewind, bookmark('12'))],
      ['streaming list', lines('ADDED a u1@5', endOfList('20'))],
    ],
    { until: 'watch 20', rewound: () => rewound.signal },
  );
  assert.deepEqual(it.told, [
    'update a u1@5 over u1@5 by comparison',
    'delete b u2@6 over u2@6 by comparison, without body',
  ]);
  assert.equal(it.steps.at(-1)?.epoch, 1);
});

test('a line that comes again is told once', async () => {
  const it = await play(
    [
      AT_10,
      ['watch 10', linesThenReset('ADDED a u1@11', 'ADDED a u1@11')],
      ['head', page('12')],
      ['watch 11', lines('ADDED a u1@11', 'DELETED a u1@12')],
      ['head', page('12')],
      ['watch 12', linesFor(MINUTES, 'DELETED a u1@12')],
      ['head', page('12')],
    ],
    { until: 'watch 12' },
  );
  assert.deepEqual(it.told, ['add a u1@11', 'delete a u1@12 over u1@11']);
});

test('a silent watch and a broken one are resumed where they were', async () => {
  const it = await play(
    [
      AT_10,
      ['watch 10', linesThenSilence('ADDED a u1@11')],
      ['head', page('11')],
      ['watch 11', linesThenReset('MODIFIED a u1@12')],
      ['head', page('12')],
    ],
    { until: 'watch 12' },
  );
  assert.deepEqual(it.told, ['add a u1@11', 'update a u1@12 over u1@11']);
  assert.deepEqual(interruptions(it), ['silent', 'unreachable']);
  assert.deepEqual(it.waits, [400]);
});

test('a watch that closes at once and empty backs off, until one lasts', async () => {
  const brief = (times: number): Exchange[] =>
    Array.from({ length: times }, (): Exchange[] => [
      ['watch 10', lines()],
      ['head', page('10')],
    ]).flat();
  const it = await play(
    [AT_10, ...brief(7), ['watch 10', linesFor(1_000, bookmark('10'))], ['head', page('10')], ...brief(1)],
    { until: 'watch 10' },
  );
  assert.deepEqual(it.waits, [400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 400]);
});

test('a refusal is waited out: as long as the server asks, else longer each time', async () => {
  const rows: [answer: Exchange[1], code: string, waits: number[]][] = [
    [refusal(429, 'TooManyRequests', { 'retry-after': '7' }), 'throttled', [7_000, 7_000, 7_000]],
    [refusal(429, 'TooManyRequests', { 'retry-after': '86400' }), 'throttled', [60_000, 60_000, 60_000]],
    [refusal(429, 'TooManyRequests', { 'retry-after': 'soon' }), 'throttled', [400, 800, 1_600]],
    [refusal(401, 'Unauthorized'), 'unauthorized', [400, 800, 1_600]],
    [refusal(403, 'Forbidden'), 'forbidden', [400, 800, 1_600]],
    [refusal(504, 'Timeout'), 'timedOut', [400, 800, 1_600]],
    [(response) => response.destroy(), 'unreachable', [400, 800, 1_600]],
  ];
  for (const [refuse, code, waits] of rows) {
    // A request that is refused with 401 is sent once more, with renewed credentials.
    const asks = code === 'unauthorized' ? 2 : 1;
    const refused = (question: string): Exchange[] => Array.from({ length: asks }, () => [question, refuse]);
    const it = await play(
      [
        ...refused('streaming list'),
        AT_10,
        ...refused('watch 10'),
        ['head', page('10')],
        ...refused('watch 10'),
        ...refused('head'),
        ['head', page('10')],
      ],
      { until: 'watch 10' },
    );
    assert.deepEqual(interruptions(it), [code, code, code, code], code);
    assert.deepEqual(it.waits, [waits[0], waits[0], waits[1], waits[2]], code);
  }
});

test('what the server kept from us is found within hours by comparing, and told', async () => {
  const HOURS = 9 * 3_600_000;
  const it = await play(
    [
      ['streaming list', lines('ADDED a u1@1', 'ADDED b u2@2', endOfList('10'))],
      ['watch 10', linesFor(HOURS, bookmark('20'))],
      ['head', page('20')],
      ['past 20', page('20', ['a u1@11'])],
      ['streaming list', lines('ADDED a u1@11', endOfList('21'))],
      ['past 20', page('20', ['a u1@11'])],
      ['watch 21', linesFor(MINUTES)],
      ['head', page('21')],
      ['watch 21', linesFor(HOURS)],
      ['head', page('21')],
      ['past 21', page('21', ['a u1@11'])],
    ],
    { until: 'watch 21' },
  );
  assert.deepEqual(it.told, [
    'update a u1@11 over u1@1 by comparison',
    'delete b u2@2 over u2@2 by comparison, without body',
  ]);
  const audits = it.news.flatMap((news) => (news.is === 'audited' ? [[news.resourceVersion, news.differences]] : []));
  assert.deepEqual(audits, [
    ['20', 2],
    ['21', 0],
  ]);
});

test('a stream that does not know what existed asks within hours, and knows from then on what went', async () => {
  const HOURS = 9 * 3_600_000;
  const script: readonly Exchange[] = [
    ['head', page('10')],
    ['watch 10', linesFor(HOURS, 'DELETED x u9@11', bookmark('20'))],
    ['head', page('20')],
    ['past 20', page('20', ['a u1@5'], 'more')],
    ['page more', page('20', ['b u2@6'])],
    ['head', page('20')],
    ['watch 20', lines(errorLine({ code: 410, reason: 'Expired' }))],
    ['streaming list', lines('ADDED a u1@5', endOfList('30'))],
    ['past 20', page('20', ['a u1@5', 'b u2@6'])],
  ];
  const it = await play(script, { until: 'watch 30', from: resumed({ resourceVersion: '10', epoch: 0 }, false) });
  assert.deepEqual(it.told, ['delete x u9@11', 'delete b u2@6 over u2@6 by comparison']);
  assert.deepEqual(
    it.news.flatMap<unknown>((news) => (news.is === 'listed' ? [news.lost] : news.is === 'relearned' ? [news] : [])),
    [{ is: 'relearned', resourceVersion: '20', objects: 2 }, 'states'],
  );
});

test('a resource that is not served ends the stream', async () => {
  for (const script of [
    [['streaming list', refusal(404, 'NotFound')]],
    [AT_10, ['watch 10', refusal(404, 'NotFound')]],
    [AT_10, ['watch 10', linesFor(MINUTES)], ['head', refusal(404, 'NotFound')]],
  ] satisfies Exchange[][]) {
    const it = await play(script, { until: 'nothing more' });
    assert.equal(it.news.at(-1)?.is, 'gone');
  }
});

test('deletes that were found are told before a resource that is not served any more ends the stream', async () => {
  const it = await play(
    [
      ['streaming list', lines('ADDED a u1@1', endOfList('10'))],
      ['watch 10', lines(EXPIRED)],
      ['streaming list', lines(endOfList('20'))],
      ['past 10', refusal(404, 'NotFound')],
      ['watch 20', refusal(404, 'NotFound')],
    ],
    { until: 'nothing more' },
  );
  assert.deepEqual(it.told, ['delete a u1@1 over u1@1 by comparison, without body']);
});

test('a filter of ours hides objects without losing the place', async () => {
  const it = await play(
    [
      ['streaming list', lines('ADDED a x1@1', 'ADDED b u2@2', endOfList('10'))],
      ['watch 10', linesFor(MINUTES, 'MODIFIED a x1@11', 'MODIFIED b u2@12', 'DELETED a x1@13')],
      ['head', page('13')],
    ],
    { until: 'watch 13', stream: { initialEvents: 'all', selects: (object) => !object.includes('"uid":"x') } },
  );
  assert.deepEqual(it.told, ['add b u2@2 by list', 'update b u2@12 over u2@2']);
});

test('a stream says when it watches, when it is interrupted and what it found', async () => {
  const it = await play([AT_10, ['watch 10', linesFor(MINUTES)], ['head', page('10')], ['watch 10', lines(EXPIRED)]], {
    until: 'streaming list',
  });
  assert.deepEqual(
    it.news.map(({ is }) => is),
    ['listing', 'listed', 'established', 'closed', 'established', 'interrupted', 'listing'],
  );
});
