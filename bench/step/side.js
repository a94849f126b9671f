/** @file One side of a comparison with PyTorch: a child process that answers each line with one line of JSON. */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

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
    end() {
      child.stdin.write('end\n')
      return next()
    },
  }
}
