import { createDebounce, type Debounce, type DebounceOptions } from '../delivery/debounce.ts';
import type { SourceConfig } from './source-config.ts';

/** What holds updates back for all streams of a source; undefined where no entry asks for it. */
export function createHoldBack(
  { resources }: Pick<SourceConfig, 'resources'>,
  options: DebounceOptions,
): Debounce | undefined {
  return resources.some(({ debounce }) => debounce !== undefined) ? createDebounce(options) : undefined;
}
