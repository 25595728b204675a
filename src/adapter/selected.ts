import type { StreamMemory } from '../checkpoint/stream-memory.ts';
import type { AdapterConfig } from './config.ts';
import type { Namespaces } from './namespaces.ts';
import type { StreamsIo, Wanted } from './run-stream.ts';
import type { StartLimit } from './start-limit.ts';
import type { Place } from './stream-identity.ts';

/** What the streams of one entry of `resources` share, in the namespaces that match. */
export interface Selected {
  readonly wanted: Wanted;
  readonly namespaces: Namespaces;
  readonly config: AdapterConfig;
  readonly io: StreamsIo;
  readonly starts: StartLimit;
  readonly memories: Memories;
}

/** The memories of the streams of one entry, which may take over from each other. */
export interface Memories {
  of(place: Place): StreamMemory;
  /** The stream is there no longer, and nothing of it is kept. */
  drop(place: Place): void;
  /** What every stream of a matching namespace has left. */
  matching(): readonly string[];
}
