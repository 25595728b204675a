import { stringify } from 'yaml';
import type { Manifest } from './manifests.ts';

/** What the image is called in manifests/. */
const PLACEHOLDER = 'watchbridge';
/** Repository, tag and digest of an image: `registry.example.com/team/watchbridge:0.1.0@sha256:...`. */
const IMAGE = /^[a-z0-9]+([._:/-]+[a-z0-9]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

/** What is wrong with the name of an image, as a sentence; undefined where nothing is. */
export function imageProblem(image: string | undefined): string | undefined {
  if (image === undefined) return 'No image was named.';
  return IMAGE.test(image) ? undefined : `${JSON.stringify(image)} is no name of an image.`;
}

/** The objects as one YAML text for `kubectl apply -f`, in which controller and adapters run `image`. */
export function installText(manifests: readonly Manifest[], image: string): string {
  return manifests
    .map((manifest) =>
      stringify(withImage(manifest, image), { aliasDuplicateObjects: false, version: '1.1', lineWidth: 0 }),
    )
    .join('---\n');
}

function withImage(manifest: Manifest, image: string): unknown {
  if (manifest.kind !== 'Deployment') return manifest;
  return JSON.parse(JSON.stringify(manifest), (key, value: unknown) =>
    value === PLACEHOLDER && (key === 'image' || key === 'value') ? image : value,
  );
}
