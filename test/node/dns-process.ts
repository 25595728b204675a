/**
 * Cluster DNS: answers for `<service>.<namespace>.svc.cluster.local` with the service's address, asked of the API server
 * at that moment, and says of every other name that it does not exist.
 *
 * Arguments: the address to listen on, the API server's URL, the control plane's directory.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { credentialPaths } from '../controlplane/credentials.ts';
import { createAdmin } from '../support/admin.ts';
import { readQuestion, type Resolution, writeAnswer } from './dns-message.ts';

const [address = '', server = '', directory = ''] = process.argv.slice(2);
const paths = credentialPaths(directory);
const admin = createAdmin({
  server,
  caPem: readFileSync(paths.caCert, 'utf8'),
  token: readFileSync(paths.adminToken, 'utf8'),
  connections: 4,
});

const socket = createSocket('udp4');
socket.on('message', (message, asker) => {
  const question = readQuestion(message);
  if (question === undefined) return;
  void resolve(question.name).then((resolution) => {
    socket.send(writeAnswer(question, resolution), asker.port, asker.address);
  });
});
socket.bind(53, address);

async function resolve(name: string): Promise<Resolution> {
  const [, service, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/.exec(name) ?? [];
  if (service === undefined) return { is: 'unknown' };
  try {
    const answer = await admin.request('GET', `/api/v1/namespaces/${namespace}/services/${service}`);
    if (answer.status === 404) return { is: 'unknown' };
    if (answer.status !== 200) return { is: 'failed' };
    const { spec } = JSON.parse(answer.text) as { spec: { clusterIP?: string } };
    const { clusterIP } = spec;
    return { is: 'known', addresses: clusterIP === undefined || clusterIP === 'None' ? [] : [clusterIP] };
  } catch {
    return { is: 'failed' };
  }
}
