/** Field selectors that an API server takes for ConfigMaps; the forms are those of pkg/fields/selector.go. */
export const VALID_FIELD_SELECTORS: readonly string[] = [
  '',
  'metadata.name=a',
  'metadata.name==a',
  'metadata.name!=a',
  'metadata.name=',
  'metadata.name=a,metadata.namespace!=b',
  'metadata.name=a\\,b',
  'metadata.name=a\\=b',
  'metadata.name=a\\\\',
  'metadata.name=a,',
  ',',
];

/** Those that it answers with 400. */
export const INVALID_FIELD_SELECTORS: readonly string[] = [
  'metadata.name',
  'metadata.name=a=b',
  'metadata.name=a\\b',
  'metadata.name=a,metadata.namespace',
  'metadata.name>a',
];
