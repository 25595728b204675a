/** Rows as aligned columns, two spaces between them; columns of numbers are aligned on the right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const texts = [header, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell)))];
  const widths = header.map((_, column) => Math.max(...texts.map((row) => (row[column] ?? '').length)));
  const isNumber = header.map((_, column) => typeof rows[0]?.[column] === 'number');
  return texts.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumber[column] === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** `12,345`; fractions keep one digit below ten thousand. */
function grouped(value: number): string {
  const digits = Number.isInteger(value) || value >= 10_000 ? 0 : 1;
  return value.toFixed(digits).replace(/\B(?=(?:\d{3})+(?!\d))/g, ',');
}
