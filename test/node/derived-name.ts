/** What is made out of the product's image for the end-to-end tests. */
export type DerivedImage = 'event-display' | 'heartbeats' | 'sample-source';

/** The name of such an image: that of the product's with a suffix, `watchbridge:e2e` -> `watchbridge-heartbeats:e2e`. */
export function derivedName(image: string, which: DerivedImage): string {
  return image.replace(/(:[^:/]+)?$/, `-${which}$1`);
}
