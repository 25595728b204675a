import { type EnvReader, runController } from '../../src/sdk.ts';
import type { Installation } from './children.ts';
import { sampleSource } from './reconciler.ts';

function readEnv(env: EnvReader): Installation {
  return { image: env.text('SAMPLE_SOURCE_RA_IMAGE'), loggingConfig: env.text('K_LOGGING_CONFIG', '{}') };
}

await runController('sample-source-controller', readEnv, (installation) => [sampleSource(installation)]);
