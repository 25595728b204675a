/** apimachinery, pkg/api/resource/quantity.go: a decimal number and a suffix. */
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

export function isQuantity(text: string): boolean {
  return QUANTITY.test(text);
}

/** How much it is, with the precision of a double; NaN where it is no quantity. */
export function quantitySize(text: string): number {
  const [, digits, suffix = ''] = QUANTITY.exec(text) ?? [];
  if (digits === undefined) return NaN;
  if (/^[eE]\S/.test(suffix)) return Number(`${digits}${suffix}`);
  const binary = BINARY.indexOf(suffix);
  return Number(digits) * (binary >= 0 ? 1024 ** (binary + 1) : 10 ** (DECIMAL[suffix] ?? 0));
}
