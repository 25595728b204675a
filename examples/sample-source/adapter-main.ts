import { runAdapter } from '../../src/sdk.ts';
import { newAdapter, readEnv } from './adapter.ts';

await runAdapter('sample-source', readEnv, newAdapter);
