/** A part of event-display's output, for showing it in a terminal. */
export type Piece =
  /** Comes before the lines of an event: what it is, in one line. */
  | { readonly is: 'event'; readonly type: string; readonly subject: string }
  /** A line as event-display printed it: of the event's attributes, or of its data. */
  | { readonly is: 'attributes' | 'data'; readonly text: string }
  /** Stands for lines that are left out. */
  | { readonly is: 'fold'; readonly text: string }
  /** All lines of the event were seen. Not told of data that is not a JSON object. */
  | { readonly is: 'end' };

/** How event-display begins the block of an event. */
const TITLE = '\u2601\ufe0f  cloudevents.Event';
/** How it ends the data, where that is a JSON object. */
const END = '  }';
/** A ConfigMap of a few keys is shown whole, a Deployment is not. */
const MOST_DATA_LINES = 24;

/**
 * Takes event-display's output line by line and gives back what to show of it. Managed fields are folded, and so is what
 * goes beyond 24 lines of data.
 */
export function createEventText(): (line: string) => readonly Piece[] {
  let head: string[] | undefined;
  let data: ((line: string) => Piece[]) | undefined;
  return (line) => {
    if (line === TITLE) {
      head = [line];
      data = undefined;
      return [];
    }
    if (head !== undefined) {
      head.push(line);
      // The id is in every event, and comes after the type and the subject.
      if (!line.startsWith('  id: ')) return [];
      const lines = head;
      head = undefined;
      return [
        { is: 'event', type: valueOf('type', lines), subject: valueOf('subject', lines) },
        ...lines.map((text) => ({ is: 'attributes', text }) as const),
      ];
    }
    if (data !== undefined) return data(line);
    if (line === 'Data,') data = createDataText();
    return [{ is: 'attributes', text: line }];
  };
}

function valueOf(attribute: string, lines: readonly string[]): string {
  const start = `  ${attribute}: `;
  return lines.find((line) => line.startsWith(start))?.slice(start.length) ?? '';
}

function createDataText(): (line: string) => Piece[] {
  let shown = 0;
  let skipped = 0;
  let fold: { readonly indent: string; lines: number } | undefined;

  function within(piece: Piece, lines: number): Piece[] {
    if (shown === MOST_DATA_LINES) {
      skipped += lines;
      return [];
    }
    shown++;
    return [piece];
  }

  return (line) => {
    if (line === END) {
      const more: Piece[] = skipped === 0 ? [] : [{ is: 'fold', text: `    … ${skipped} more lines` }];
      return [...more, { is: 'data', text: line }, { is: 'end' }];
    }
    const indent = /^( +)"managedFields": \[$/.exec(line)?.[1];
    if (indent !== undefined) fold = { indent, lines: 0 };
    if (fold === undefined) return within({ is: 'data', text: line }, 1);
    fold.lines++;
    if (!line.startsWith(`${fold.indent}]`)) return [];
    const { lines } = fold;
    const text = `${fold.indent}… ${lines} lines of managedFields`;
    fold = undefined;
    return within({ is: 'fold', text }, lines);
  };
}
