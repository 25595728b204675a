/**
 * An image registry to pull from, of the OCI distribution specification: it stands in for all registries, and knows by
 * containerd's query parameter `ns` which one is meant.
 *
 * Arguments: the address and port to listen on, the directory of an image store.
 */
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { blobFile, findImage } from './image-store.ts';

const [address = '', port = '', directory = ''] = process.argv.slice(2);
const DIGEST = /^sha256:[0-9a-f]{64}$/;

createServer((request, response) => {
  void answer(request, response).catch(() => response.destroy());
}).listen(Number(port), address);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://registry');
  if (url.pathname === '/v2/') return void response.end();
  const [, repository, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
  if (repository === undefined || reference === undefined) return void response.writeHead(404).end();

  let digest = reference;
  let type = 'application/octet-stream';
  if (kind === 'manifests') {
    const registry = url.searchParams.get('ns') ?? 'docker.io';
    const image = DIGEST.test(reference)
      ? undefined
      : await findImage(directory, `${registry}/${repository}:${reference}`);
    digest = image?.digest ?? reference;
    type = image?.mediaType ?? 'application/vnd.oci.image.manifest.v1+json';
  }
  const size = DIGEST.test(digest) ? statSync(blobFile(directory, digest), { throwIfNoEntry: false })?.size : undefined;
  if (size === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': type, 'content-length': size, 'docker-content-digest': digest });
  if (request.method === 'HEAD') return void response.end();
  await pipeline(createReadStream(blobFile(directory, digest)), response);
}
