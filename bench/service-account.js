/*
 * Preloaded into an adapter that is to find its ServiceAccount as in a Pod: what it looks for where the kubelet puts the
 * files is read from the directory that BENCH_SERVICE_ACCOUNT names. JavaScript for the reason that tether.js has.
 */

// An import of either would load what the adapter does not, and be a part of what is measured.
const fs = process.getBuiltinModule('node:fs');
const { syncBuiltinESMExports } = process.getBuiltinModule('node:module');

const KUBELET = '/var/run/secrets/kubernetes.io/serviceaccount';
const { existsSync } = fs;
const { readFile } = fs.promises;

/** @param {unknown} path */
const elsewhere = (path) =>
  typeof path === 'string' && path.startsWith(KUBELET)
    ? `${process.env['BENCH_SERVICE_ACCOUNT']}${path.slice(KUBELET.length)}`
    : path;

fs.existsSync = (path) => existsSync(elsewhere(path));
fs.promises.readFile = (path, ...rest) => readFile(elsewhere(path), ...rest);
syncBuiltinESMExports();
