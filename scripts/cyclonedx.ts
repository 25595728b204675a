/** What is read of a package-lock.json, lockfileVersion 3. */
export interface LockFile {
  /** By where they are installed: `` is the project itself, `node_modules/a/node_modules/b` is the b that a sees. */
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly name?: string;
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Component {
  readonly type: 'application' | 'library';
  /** Its purl, which every reference to it repeats. */
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly [{ readonly expression: string }];
  readonly hashes?: readonly [{ readonly alg: 'SHA-512'; readonly content: string }];
}

/** A software bill of materials in CycloneDX 1.6 (ECMA-424). */
export interface Bom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * The project and the packages that it needs when it runs, with what each needs in turn, in the order of their purls.
 * The same lock file gives the same bill: it has no time and no serial number. Throws when a package that is needed is
 * not locked.
 */
export function bomOf({ packages }: LockFile): Bom {
  const needs = new Map<string, readonly string[]>();
  const waiting = [''];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (needs.has(place)) continue;
    const found = placesOfDependencies(packages, place);
    needs.set(place, found);
    waiting.push(...found);
  }
  const component = (place: string): Component => describe(place, packages[place]);
  // A package may be installed in several places in one version: it is listed once, with what any of them needs.
  const dependsOn = new Map<string, Set<string>>();
  const components = new Map<string, Component>();
  for (const [place, found] of needs) {
    const { purl } = component(place);
    if (place !== '') components.set(purl, component(place));
    const refs = dependsOn.get(purl) ?? new Set();
    for (const other of found) refs.add(component(other).purl);
    dependsOn.set(purl, refs);
  }
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: component('') },
    components: [...components.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1)),
    dependencies: [...dependsOn]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([ref, refs]) => ({ ref, dependsOn: [...refs].sort() })),
  };
}

/** Where the packages are that the one in `place` needs when it runs. */
function placesOfDependencies(packages: LockFile['packages'], place: string): string[] {
  const names = Object.keys(packages[place]?.dependencies ?? {});
  // The project's own optional ones are Node.js itself, for development; those of others may be missing on some systems.
  const optional = place === '' ? [] : Object.keys(packages[place]?.optionalDependencies ?? {});
  const needed = names.map((name) => {
    const found = placeSeenFrom(packages, place, name);
    if (found === undefined)
      throw new Error(`package-lock.json has no ${name}, which ${place || 'the project'} needs.`);
    return found;
  });
  return [...needed, ...optional.flatMap((name) => placeSeenFrom(packages, place, name) ?? [])];
}

/** As Node.js looks a package up: in the one that wants it, then in each that this one is installed in. */
function placeSeenFrom(packages: LockFile['packages'], place: string, name: string): string | undefined {
  for (let within = place; ; within = within.slice(0, Math.max(0, within.lastIndexOf('/node_modules/')))) {
    const candidate = within === '' ? `node_modules/${name}` : `${within}/node_modules/${name}`;
    if (candidate in packages) return candidate;
    if (within === '') return undefined;
  }
}

function describe(place: string, locked: LockedPackage | undefined): Component {
  if (locked === undefined) throw new Error(`package-lock.json has no "${place}".`);
  const fullName = locked.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const { version, license, integrity } = locked;
  const [group, name] = fullName.startsWith('@') ? fullName.split('/') : [undefined, fullName];
  const purl = `pkg:npm/${fullName.replace('@', '%40')}@${version}`;
  return {
    type: place === '' ? 'application' : 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name: name ?? fullName,
    version,
    purl,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    ...hashes(integrity),
  };
}

function hashes(integrity: string | undefined): Pick<Component, 'hashes'> {
  const [, base64] = /^sha512-(\S+)$/.exec(integrity ?? '') ?? [];
  if (base64 === undefined) return {};
  return { hashes: [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }] };
}
