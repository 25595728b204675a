import type { RotatedFile } from '../kube/rotated-file.ts';
import type { Outcome } from './outcome.ts';
import type { Requests } from './requests.ts';

/**
 * Requests that carry a bearer token from a file, which the kubelet replaces before it expires. A token that is refused
 * (401) is read again, and the request sent once more with it: the file may have a newer one. Without a token nothing is
 * sent; that is a failed attempt, which is repeated.
 */
export function withToken(requests: Requests, token: RotatedFile): Requests {
  const send = async (...[sent, headers, done]: Parameters<Requests['send']>): Promise<void> => {
    let text: string;
    try {
      text = await token.read();
    } catch (error) {
      done({ is: 'failed', reason: 'token', detail: error instanceof Error ? error.message : String(error) });
      return;
    }
    requests.send(sent, [...headers, 'authorization', `Bearer ${text}`], done);
  };
  return {
    send: (sent, headers, done) => {
      void send(sent, headers, (outcome) => {
        if (!isRefusal(outcome)) {
          done(outcome);
          return;
        }
        token.forget();
        void send(sent, headers, done);
      });
    },
    close: () => requests.close(),
  };
}

function isRefusal(outcome: Outcome): boolean {
  return outcome.is === 'answered' && outcome.status === 401;
}
