/** @file The command line as a user runs it: a child process of the built package. */

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const bin = fileURLToPath(new URL('../bin/vesalius.js', import.meta.url))

export interface Finished {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A command under way, and its end. */
export interface Started {
  child: ChildProcess
  end: Promise<Finished>
}

/** Starts `vesalius ...` in a folder. */
export function start(line: readonly string[], cwd?: string): Started {
  return follow(spawn(process.execPath, [bin, ...line], { ...(cwd ? { cwd } : {}), stdio: ['ignore', 'pipe', 'pipe'] }))
}

/** Collects what a process says until it ends. */
export function follow(child: ChildProcessByStdio<null, Readable, Readable>): Started {
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (part: Buffer) => {
    stdout += part.toString()
  })
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString()
  })
  const end = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { child, end }
}

/** Runs `vesalius ...` to its end. */
export function vesalius(line: readonly string[], cwd?: string): Promise<Finished> {
  return start(line, cwd).end
}

/** Runs it with --json; stdout must be exactly one document. Fails with its words if it failed. */
export async function vesaliusJson<T = Record<string, unknown>>(line: readonly string[], cwd?: string): Promise<T> {
  const { code, stdout, stderr } = await vesalius([...line, '--json'], cwd)
  if (code !== 0) throw new Error(`vesalius ${line.join(' ')} ended with ${code}: ${stdout}${stderr}`)
  return JSON.parse(stdout) as T
}

/** Towers that train in a second: a ViT of one block and a BERT of one layer. Two checkpoints a breath. */
export const tinyRun = {
  model: {
    image: { kind: 'vit', size: 48, channels: 1, patch: 16, width: 32, layers: 1, heads: 2 },
    text: { kind: 'bert', width: 32, layers: 1, heads: 2, mlp: 64, context: 32 },
    joint: 16,
  },
  tokenizer: { vocabulary: 300 },
  train: { batch: 16, steps: 40, rate: 1e-3, logEvery: 1, validateEvery: 10, checkpointEvery: 2 },
}
