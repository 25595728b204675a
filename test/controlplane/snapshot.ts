import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from './component.ts';

/** What etcd held at one moment. */
export interface Snapshot {
  /** The copy of its data. */
  readonly path: string;
}

/**
 * Copies etcd's data while it is frozen: what a copy has in the middle of a write is what a crash at that moment would
 * have left, and etcd starts from that.
 */
export function takeSnapshot(etcd: Component, directory: string): Snapshot {
  const path = join(mkdtempSync(join(directory, 'snapshot-')), 'etcd');
  etcd.pause();
  try {
    cpSync(join(directory, 'etcd'), path, { recursive: true });
  } finally {
    etcd.continue();
  }
  return { path };
}

/** Puts a snapshot in place of what etcd has now. Both have to be down, and find the past when they are started. */
export function putBack(snapshot: Snapshot, directory: string): void {
  const data = join(directory, 'etcd');
  rmSync(data, { recursive: true });
  cpSync(snapshot.path, data, { recursive: true });
}
