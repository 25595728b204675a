/** Lets only so many streams start at once: each begins with a list, and an API server answers few of those at a time. */
export interface StartLimit {
  /** Resolves when there is room, or `signal` is aborted; the answer is to be called, once or more, when it has started. */
  begin(signal: AbortSignal): Promise<() => void>;
}

export function createStartLimit(most: number): StartLimit {
  let starting = 0;
  const waiting: (() => void)[] = [];

  const end = (): void => {
    starting--;
    waiting.shift()?.();
  };

  return {
    begin: async (signal) => {
      while (starting >= most && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
      }
      if (signal.aborted) {
        // Its turn, if it had come, is the next one's.
        waiting.shift()?.();
        return () => undefined;
      }
      starting++;
      let ended = false;
      return () => {
        if (!ended) end();
        ended = true;
      };
    },
  };
}
