import * as z from 'zod';
import { type CompiledFilters, compileFilters } from '../events/filters/compile-filters.ts';

/** The field `filters` of `K_SOURCE_CONFIG`: upstream's SubscriptionsAPIFilters as JSON, ready to judge events. */
export const filtersConfig = z.unknown().transform((value, context): CompiledFilters => {
  const filters = compileFilters(value);
  if (filters.is === 'compiled') return filters;
  for (const { path, message } of filters.problems) context.addIssue({ code: 'custom', path: [...path], message });
  return z.NEVER;
});
