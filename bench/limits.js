/**
 * @file Limits of the engine: seconds to build, differentiate and load a graph of 10,000 nodes, and what 200 sessions that
 * come and go leave behind. Writes bench/results/limits.json.
 *
 *   npm run build && node --expose-gc bench/limits.js
 */

import { add, compileProgram, gradients, input, mul, openRuntime, sum, topological } from '../dist/engine/index.js'
import { writeResult } from './child.js'

/** x -> a long chain of products and sums of [8], and its derivative. */
function chain(length) {
  const x = input('x', [8])
  let y = x
  while (length-- > 0) y = length % 2 === 0 ? add(mul(y, 0.999), x) : mul(y, x)
  return { x, y: sum(y) }
}

/** A chain of this length with its gradient, loaded and run once; four nodes a link. */
async function build(runtime, length) {
  const start = performance.now()
  const { x, y } = chain(length)
  const outputs = { y, slope: gradients(y, [x])[0] }
  const built = performance.now()
  const program = await compileProgram(runtime, outputs)
  const loaded = performance.now()
  const result = await program.run({ x: { dtype: 'float32', shape: [8], data: new Float32Array(8).fill(0.5) } })
  if (!Number.isFinite(result.outputs.y.data[0])) throw new Error('The graph does not run.')
  await program.dispose()
  const nodes = topological(Object.values(outputs)).length
  return { nodes, build: (built - start) / 1000, load: (loaded - built) / 1000 }
}

/** Megabytes that the process grows by over `count` sessions, after as many that warm it up. */
async function sessions(runtime, count) {
  const round = async () => {
    for (let i = 0; i < count; i++) {
      const { y } = chain(20 + (i % 10))
      const program = await compileProgram(runtime, { y })
      await program.run({ x: { dtype: 'float32', shape: [8], data: new Float32Array(8).fill(0.5) } })
      await program.dispose()
    }
    globalThis.gc?.()
    return process.memoryUsage().rss / 2 ** 20
  }
  const before = await round()
  return (await round()) - before
}

const runtime = openRuntime({ threads: 2 })
await build(runtime, 100)
const graph = await build(runtime, 2500)
const grown = await sessions(runtime, 200)
await runtime.close()
const result = { graph: { ...graph, seconds: graph.build + graph.load }, sessions: { count: 200, megabytes: grown } }
writeResult('limits', result)
