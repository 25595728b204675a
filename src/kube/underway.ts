/** A request and its answer, until the end of that. */
export interface RequestUnderway {
  /** The request fails for this reason or, where its answer has begun, the body of that. */
  end(why: Error): void;
}

/** What a client has under way, so that it can close in order or at once. */
export interface Underway {
  /** @throws when the client is closed */
  assertOpen(): void;
  add(request: RequestUnderway): void;
  delete(request: RequestUnderway): void;
  /** From now on nothing is begun. Resolves when nothing is under way any more. */
  close(): Promise<void>;
  /** Ends what is under way, and begins nothing any more. */
  end(): void;
}

/** @param free called when the client is closed and nothing is under way, at least once */
export function createUnderway(free: () => void = () => {}): Underway {
  const requests = new Set<RequestUnderway>();
  const drained = Promise.withResolvers<void>();
  let isOpen = true;

  const freeIfDone = (): void => {
    if (isOpen || requests.size > 0) return;
    free();
    drained.resolve();
  };

  return {
    assertOpen: () => {
      if (!isOpen) throw clientClosed();
    },
    add: (request) => void requests.add(request),
    delete: (request) => {
      requests.delete(request);
      freeIfDone();
    },
    close: () => {
      isOpen = false;
      freeIfDone();
      return drained.promise;
    },
    end: () => {
      isOpen = false;
      for (const request of requests) request.end(clientClosed());
      freeIfDone();
    },
  };
}

function clientClosed(): Error {
  return Object.assign(new Error('the client is closed'), { code: 'CLIENT_CLOSED' });
}
