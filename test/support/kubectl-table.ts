/** A row of what `kubectl get` prints, by the headers of its columns; a cell without text is empty. */
export type Row = Readonly<Record<string, string>>;

/** Reads what `kubectl get` prints. A cell stands below its header, which is how one finds cells that are empty. */
export function readTable(text: string): { readonly headers: readonly string[]; readonly rows: readonly Row[] } {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  const columns = [...first.matchAll(/\S+(?: \S+)*/g)].map(({ 0: header, index }) => ({ header, index }));
  const rows = lines.map((line) =>
    Object.fromEntries(
      columns.map(({ header, index }, i) => [header, line.slice(index, columns[i + 1]?.index).trim()]),
    ),
  );
  return { headers: columns.map(({ header }) => header), rows };
}
