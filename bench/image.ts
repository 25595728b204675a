/** How the image runs Node.js: what is measured is to run in the same way. */
export interface ImageSettings {
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Reads the flags between `node` and the program, and all of ENV, out of the text of a Dockerfile. */
export function readImageSettings(dockerfile: string): ImageSettings {
  const [entrypoint] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.slice(1) ?? [];
  if (entrypoint === undefined) throw new Error('The Dockerfile has no ENTRYPOINT in JSON form.');
  const words: unknown = JSON.parse(entrypoint);
  const flags = Array.isArray(words) ? words.filter((word) => typeof word === 'string' && word.startsWith('--')) : [];
  const variables = [...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)];
  return { flags, environment: Object.fromEntries(variables.map(([, name = '', value = '']) => [name, value])) };
}
