/** @file What the bits of a run depend on, besides its configuration. */

import { createRequire } from 'node:module'
import { arch, cpus } from 'node:os'
import { sha256 } from '../core/files.ts'
import type { Layout } from '../engine/index.ts'
import type { RunProgress } from './checkpoint.ts'

/** Versions, processor, threads, device and ranks: the same here means the same bits after a resume. */
export function environment({
  threads,
  device,
  ranks,
}: Pick<RunProgress['environment'], 'threads' | 'device' | 'ranks'>): RunProgress['environment'] {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
  return {
    runtime: `onnxruntime-node ${version}`,
    node: process.version,
    platform: `${process.platform} ${arch()} ${cpus()[0]?.model ?? ''}`.trim(),
    threads,
    ranks,
    device,
  }
}

/** Hash of names, shapes and places of all parameters. */
export function layoutHash({ entries }: Layout): string {
  return sha256(entries.map(({ name, shape, offset }) => `${name} ${shape.join('x')} ${offset}`).join('\n'))
}
