/** The way to a value inside a document: names of members and numbers of items. */
export type Path = readonly (string | number)[];

/** Something wrong with a value. */
export interface Problem {
  readonly path: Path;
  /** Whether the name of the member is wrong, or what it holds. */
  readonly at: 'key' | 'value';
  /** What was expected, what was found, and what to do; without the path. */
  readonly message: string;
  /** The value has another form than the schema's, so that no rule can be asked about it or anything around it. */
  readonly blocking?: boolean;
}

/** `spec.resources[0].kind`; a name that is no identifier stands in brackets: `spec.ceOverrides.extensions[a b]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number' || !/^[\w-]+$/.test(step)) return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** The same backwards, of a path without brackets around names. */
export function parsePath(text: string): Path {
  return Array.from(text.matchAll(/\[(\d+)\]|([\w-]+)/g), ([, item, name = '']) =>
    item === undefined ? name : Number(item),
  );
}

/** Whether `inner` is `outer` or something inside of it. */
export function isWithin(inner: Path, outer: Path): boolean {
  return outer.every((step, i) => inner[i] === step);
}

const MOST_SHOWN = 120;

/** A value as a message shows it: as JSON, cut, and without secrets. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value, (_name, it: unknown) => (typeof it === 'string' ? withoutSecrets(it) : it));
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text;
}

/** Without the password of a URL and without private keys. */
export function withoutSecrets(text: string): string {
  const open = text.indexOf('PRIVATE KEY');
  const kept = open < 0 ? text : text.slice(0, open + 'PRIVATE KEY'.length);
  return kept.replace(/\/\/[^/@\s]*@/g, '//***@');
}
