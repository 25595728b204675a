/** How a stream is doing, in words for the readiness page and the log. */
export type StreamStanding =
  | { readonly is: 'starting' }
  | { readonly is: 'established' }
  | { readonly is: 'failing'; readonly why: string };

/** Where every stream stands. The adapter is ready when all are established: then nothing that happens is missed. */
export interface StreamBoard {
  set(stream: string, standing: StreamStanding): void;
  /** The entry was of something that streams with entries of their own take over from. */
  clear(stream: string): void;
  /** Forgets all entries: others take their place. */
  reset(): void;
  ready(): boolean;
  /** How many streams there are and how many of them are watched, and what keeps up to three of the others. */
  summary(): StreamSummary;
  /** One line a stream, those that are not established first. */
  lines(): string[];
}

export interface StreamSummary {
  readonly total: number;
  readonly established: number;
  readonly problems: string[];
}

const MOST_PROBLEMS = 3;

/** @param onChange hears whether a stream is established; undefined when its entry is cleared */
export function createStreamBoard(onChange: (stream: string, established: boolean | undefined) => void): StreamBoard {
  const standings = new Map<string, StreamStanding>();
  return {
    set: (stream, standing) => {
      standings.set(stream, standing);
      onChange(stream, standing.is === 'established');
    },
    clear: (stream) => {
      if (standings.delete(stream)) onChange(stream, undefined);
    },
    reset: () => {
      for (const stream of standings.keys()) onChange(stream, undefined);
      standings.clear();
    },
    summary: () => {
      let established = 0;
      const problems: string[] = [];
      for (const [stream, standing] of standings) {
        if (standing.is === 'established') established++;
        else if (standing.is === 'failing' && problems.length < MOST_PROBLEMS)
          problems.push(`${stream}: ${standing.why}`);
      }
      return { total: standings.size, established, problems };
    },
    ready: () => [...standings.values()].every((standing) => standing.is === 'established'),
    lines: () => {
      const bad: string[] = [];
      const good: string[] = [];
      for (const [stream, standing] of standings) {
        if (standing.is === 'established') good.push(`${stream}: established`);
        else bad.push(standing.is === 'failing' ? `${stream}: ${standing.why}` : `${stream}: starting`);
      }
      return [...bad, ...good];
    },
  };
}
