import type { TurnNews } from '../kube/take-turns.ts';
import type { Log } from '../process/log.ts';
import type { ReadinessBoard } from '../process/readiness-board.ts';

/** Turns what there is to say of a process that takes turns into its log line and its readiness. */
export function tellTurn(news: TurnNews, board: ReadinessBoard, log: Log): void {
  const stand = (state: string, isReady: boolean): void => {
    board.reset();
    board.set('lease', state, isReady);
  };
  switch (news.is) {
    case 'waiting': {
      const { waiting } = news;
      if (waiting.for === 'holder') {
        stand(`standing by for ${waiting.holder}`, true);
        log.info({ holder: waiting.holder }, 'standing by; another replica has the Lease');
        return;
      }
      const { code: reason, message: detail } = waiting.error;
      stand(detail, false);
      log.warn({ reason, detail }, 'Lease cannot be read or taken yet');
      return;
    }
    case 'leading':
      stand('held', true);
      log.info('this replica has the Lease');
      return;
    case 'notRenewed':
      log.warn(
        { reason: news.error.code, detail: news.error.message },
        'Lease could not be renewed; it is tried again',
      );
      return;
    case 'lost':
      stand('starting', false);
      log.error({ detail: news.sentence }, 'Lease lost; nothing is done until it is this replica’s turn again');
      return;
    case 'released':
      log.info('Lease released');
      return;
    case 'notReleased':
      log.warn({ detail: news.error.message }, 'Lease could not be given back; others wait until it has run out');
      return;
  }
}
