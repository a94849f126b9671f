/** @file One side of a comparison with PyTorch: a child process that answers each line with one line of JSON. */

import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cases, clipNorm, optimizer, rate } from './cases.js'

const file = (name) => fileURLToPath(new URL(name, import.meta.url))

/** Our side of a case, which writes a profile to `folder` in the mode "profile". */
export const startOurs = (name, threads, folder, ...mode) =>
  side(process.execPath, [file('./ours.js'), name, threads, folder, ...mode])

/** PyTorch's side of a case, from the weights in `folder`; modes "compile" and "profile". */
export const startPeer = (python, name, threads, folder, ...mode) =>
  side(python, [
    file('./peer.py'),
    JSON.stringify({ ...cases[name], optimizer, rate, clipNorm }),
    threads,
    folder,
    ...mode,
  ])

/** Writes the initial weights of a case to a folder, for the other side. */
export function writeInitialWeights(name, threads, folder) {
  const child = spawnSync(process.execPath, [file('./ours.js'), name, threads, folder, 'weights'], { stdio: 'inherit' })
  if (child.status !== 0) throw new Error(`The weights of ${name} were not written.`)
}

/** Starts a side and waits until it is ready; `go(n)` does n steps, `end()` tells its peak memory, and in profiles the time of each operation. */
export async function side(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${command} ${args[0]} ended early.`)
    return JSON.parse(value)
  }
  const ready = await next()
  return {
    ready,
    go(count) {
      child.stdin.write(`go ${count}\n`)
      return next()
    },
    async end() {
      child.stdin.write('end\n')
      const told = await next()
      // A peer whose interpreter does not end must not keep the bench waiting for ever.
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      child.once('exit', () => clearTimeout(late))
      return told
    },
  }
}
