/** As many rules as anybody writes, each of which is looked at, since all let every add and update of a Pod pass. */
export const TWENTY_FILTERS: readonly object[] = Array.from({ length: 5 }, (_, i) => [
  { not: { exact: { name: `other-${i}` } } },
  { any: [{ prefix: { type: 'no' } }, { suffix: { type: '.update' } }, { suffix: { type: '.add' } }] },
  { not: { cesql: `subject LIKE '%/other-${i}'` } },
  { cesql: "kind IN ('Pod', 'Node') AND EXISTS name" },
]).flat();
