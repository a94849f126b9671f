/** @file `vesalius bench`: how long a training step takes here, and where the time goes. */

import { VesaliusError } from '../../core/errors.ts'
import { bytesInWords } from '../../core/memory.ts'
import { textTable } from '../../core/table.ts'
import {
  estimateMemory,
  type GraphSummary,
  graphPrint,
  kernelSeconds,
  methodOf,
  type Profile,
  peakInUse,
  providers,
  summarize,
  timeBy,
  timeByModule,
} from '../../engine/index.ts'
import { imagePresetNames, textPresetNames } from '../../models/presets.ts'
import { benchStep } from '../../pretrain/bench-step.ts'
import { runSchema } from '../../pretrain/config.ts'
import { syntheticStep, traceSynthetic } from '../../pretrain/synthetic.ts'
import { command } from '../command.ts'
import { deviceOption } from '../device.ts'

const options = {
  objective: { type: 'string', default: 'clip', help: 'what is learned, see: vesalius methods' },
  image: { type: 'string', default: 'resnet-tiny', help: `image tower: ${imagePresetNames.join(', ')}` },
  text: { type: 'string', default: 'bert-tiny', help: `text tower: ${textPresetNames.join(', ')}` },
  batch: { type: 'integer', default: 32, help: 'pairs a step' },
  size: { type: 'integer', default: 96, help: 'side of the pictures in pixels' },
  channels: { type: 'integer', default: 3, help: 'channels of the pictures' },
  tokens: { type: 'integer', help: 'tokens a text; the context of the tower, at most 77, if not given' },
  vocabulary: { type: 'integer', default: 2000, help: 'words of the text tower' },
  joint: { type: 'integer', default: 128, help: 'width of the joint space' },
  threads: { type: 'integer', help: 'threads of one operator; all cores if not given' },
  device: { ...deviceOption, default: 'cpu' },
  steps: { type: 'integer', default: 10, help: 'timed steps' },
  'warm-up': { type: 'integer', default: 2, help: 'steps before them that are not timed' },
  profile: { type: 'boolean', help: 'also: time of each operator and module, and the device of each' },
  depth: { type: 'integer', default: 2, help: 'parts of the module paths in tables' },
  summary: { type: 'boolean', help: 'only say what the graph is made of; nothing is run' },
} as const

const milliseconds = (seconds: number): number => Number((seconds * 1000).toFixed(2))
const megabytes = (bytes: number): number => Number((bytes / 1e6).toFixed(1))
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

function printSummary(summary: GraphSummary, hash: string, print: (text: string) => void): void {
  const giga = (flops: number): number => Number((flops / 1e9).toFixed(2))
  print(`Graph ${hash}: ${summary.nodes} nodes, ${summary.parameters.toLocaleString('en')} parameters`)
  print(
    `Arithmetic of products: ${giga(summary.forwardFlops)} GFLOP forward, ${giga(summary.backwardFlops)} backward; ` +
      `kept for the backward pass: ${megabytes(summary.keptBytes)} MB\n`,
  )
  print(
    textTable(
      ['module', 'parameters', 'GFLOP forward', 'GFLOP backward'],
      summary.modules.map((m) => [m.module, m.parameters, giga(m.forwardFlops), giga(m.backwardFlops)]),
    ),
  )
  print('')
  print(
    textTable(
      ['primitive', 'forward', 'backward'],
      summary.kinds.map((k) => [k.kind, k.forward, k.backward]),
    ),
  )
}

/** The profile as tables, as numbers, and as words. */
function profileTables(profile: Profile, depth: number) {
  const operators = timeBy(profile, ({ op }) => op)
  const primitives = timeBy(profile, ({ origin }) => origin?.primitive ?? '(runtime)')
  const modules = timeByModule(profile, depth)
  const devices = providers(profile)
  return { kernels: kernelSeconds(profile), operators, primitives, modules, devices, peak: peakInUse(profile) ?? null }
}

function printProfile(tables: ReturnType<typeof profileTables>, print: (text: string) => void): void {
  const { operators, modules, devices, peak } = tables
  print(
    textTable(
      [
        'operator',
        'calls',
        { title: 'ms', digits: 2 },
        { title: 'share', align: 'right' },
        { title: 'MB written', digits: 1 },
      ],
      operators.map((row) => [
        row.key,
        row.calls,
        milliseconds(row.seconds),
        percent(row.share),
        megabytes(row.outputBytes),
      ]),
    ),
  )
  print('')
  print(
    textTable(
      [
        'module',
        { title: 'ms forward', digits: 2 },
        { title: 'ms backward', digits: 2 },
        { title: 'share', align: 'right' },
      ],
      modules.map((row) => [row.module, milliseconds(row.forward), milliseconds(row.backward), percent(row.share)]),
    ),
  )
  print('')
  for (const { provider, nodes, ops } of devices) {
    // Where a device is used, what the CPU does for it is worth a list.
    const list =
      devices.length > 1
        ? `: ${Object.entries(ops)
            .map(([op, n]) => `${op} ${n}`)
            .join(', ')}`
        : ''
    print(`${provider}: ${nodes} nodes${list}`)
  }
  if (peak !== null) print(`Most memory of values in use: ${megabytes(peak.bytes)} MB, after ${peak.name}`)
}

export const bench = command({
  name: 'bench',
  summary: 'how long a training step takes here, and where the time goes',
  usage: ['bench step [options]'],
  options,
  positionals: { least: 1, most: 1 },
  examples: [
    { text: 'A step of CLIP with small towers', command: 'bench step --image vit-tiny --batch 32' },
    { text: 'Time by operator and module', command: 'bench step --image vit-small --size 224 --batch 8 --profile' },
    { text: 'What a graph is made of', command: 'bench step --image resnet-50 --size 224 --summary' },
  ],
  async run({ positionals, options: o }, { print, signal }) {
    if (positionals[0] !== 'step') {
      throw new VesaliusError('USAGE', `There is no bench "${positionals[0]}".`, { hint: 'Use: vesalius bench step' })
    }
    for (const name of ['batch', 'size', 'channels', 'vocabulary', 'joint', 'steps', 'depth'] as const) {
      if (o[name] < 1) throw new VesaliusError('USAGE', `--${name} is ${o[name]}, which is below 1.`)
    }
    const synthetic = syntheticStep(o)
    const { outputs } = traceSynthetic(synthetic)
    const summary = summarize(outputs, o.depth)
    const graph = graphPrint(outputs)
    const { objective, image, text, batch, size, device } = o
    const what = { objective, image, text, batch, size, tokens: synthetic.shape.tokens, device }
    if (o.summary) {
      printSummary(summary, graph.hash, print)
      return { ...what, graph, summary }
    }
    const vectors = methodOf(runSchema.shape.train.parse({}).optimizer).slots.length
    const memory = estimateMemory([outputs], { length: synthetic.layout.length, vectors })
    const { profiled, ...times } = await benchStep(synthetic, {
      ...o,
      profile: o.profile === true,
      warmUp: o['warm-up'],
      signal,
    })
    const flops = summary.forwardFlops + summary.backwardFlops
    const figures = {
      ...times,
      pairsPerSecond: batch / times.step,
      gigaflopsPerSecond: flops / 1e9 / times.pass,
    }
    print(`Step of ${batch} pairs, ${times.threads} threads, median of ${o.steps}: ${milliseconds(times.step)} ms`)
    print(`  forward and backward ${milliseconds(times.pass)} ms, optimizer ${milliseconds(times.optimizer)} ms`)
    print(
      `  ${figures.pairsPerSecond.toFixed(1)} pairs/s, ${figures.gigaflopsPerSecond.toFixed(1)} GFLOP/s in the pass`,
    )
    print(`  peak memory of the process ${bytesInWords(times.peakBytes)}, estimated ${bytesInWords(memory.total)}`)
    if (profiled === undefined) return { ...what, graph, ...figures, memory }
    const tables = profileTables(profiled.profile, o.depth)
    const { products, all } = tables.kernels
    // Both from the same steps: the load of the machine may have changed since the timing above.
    const overhead = { step: profiled.step / products, pass: profiled.pass / products }
    print(
      `Under the profiler, mean of 3 steps of ${milliseconds(profiled.step)} ms: products and convolutions ` +
        `${milliseconds(products)} ms of ${milliseconds(all)} ms in kernels (${percent(products / all)})`,
    )
    print(
      `  overhead: the step takes ${overhead.step.toFixed(2)} times its products, the pass ${overhead.pass.toFixed(2)} times\n`,
    )
    printProfile(tables, print)
    const { step, pass } = profiled
    return { ...what, graph, ...figures, memory, overhead, profile: { step, pass, ...tables } }
  },
})

export { bench as command }
