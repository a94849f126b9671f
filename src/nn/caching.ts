/**
 * @file Gradient caching (Gao et al. 2021): one pass whose result is that of the whole batch in the memory of a chunk.
 * Towers run forward over chunks of rows and only their features are kept; one session over all features gives the loss
 * and the gradients of the features; then each chunk runs again, forward and backward, from these. Random leaves of a row
 * are the same in both passes, and those that the row would have in the whole batch.
 */

import { VesaliusError } from '../core/errors.ts'
import {
  type BufferView,
  compileProgram,
  drawRandom,
  type Entry,
  type Feed,
  type Layout,
  type Program,
  type ProgramReport,
  type ProgramResult,
  type RandomInput,
  type Runtime,
  type Shape,
  sizeOf,
} from '../engine/index.ts'
import {
  type BatchStatistics,
  type Feature,
  type LossGraph,
  type Split,
  type TowerGraph,
  traceLoss,
  traceTower,
} from './caching-graphs.ts'
import type { GradientSum } from './data-parallel.ts'
import { type Compiled, type Draw, drawAll, type PassOptions, parameterPlace, type TracedPass } from './pass.ts'

export type { BatchStatistics, Split } from './caching-graphs.ts'

export interface CachingOptions {
  /** Rows of a tower's pass: of all towers, or by tower. */
  chunk: number | Readonly<Record<string, number>>
  /** What to do with a tower that normalises by the batch; refuse it by default. */
  batchStatistics?: BatchStatistics | undefined
}

/** Rows `first` to `first + rows` of a batch. */
interface Chunk {
  first: number
  rows: number
}

/** A tower's two passes over some number of rows. */
export interface TowerPrograms {
  forward: Program
  backward: Program
  inputs: ReadonlyMap<string, Shape>
  entries: readonly Entry[]
}

interface Tower {
  features: readonly Feature[]
  chunks: readonly Chunk[]
  /** By the number of rows: all chunks but the last have the same. */
  programs: ReadonlyMap<number, TowerPrograms>
}

/** Towers by what they are: they do not depend on the shape of the batch, so several passes share them. */
export type TowerStore = Map<string, TowerPrograms>

/** Frees all towers. */
export async function disposeTowers(store: TowerStore): Promise<void> {
  for (const { forward, backward } of store.values()) {
    await forward.dispose()
    await backward.dispose()
  }
  store.clear()
}

/** Whether the batch is larger than a tower's chunk: if not, the plain pass is the same and faster. */
export function needsCaching<BatchShape>(
  split: Split<BatchShape>,
  caching: CachingOptions,
  shape: BatchShape,
): boolean {
  return Object.keys(split.towers).some((tower) => chunkOf(caching, tower) < split.rows(shape))
}

interface TowerPlan {
  features: readonly Feature[]
  chunks: readonly Chunk[]
  graphs: ReadonlyMap<number, TowerGraph>
}

/** Traces all parts of the pass. */
function planPass<BatchShape>(
  split: Split<BatchShape>,
  caching: CachingOptions,
  layout: Layout,
  shape: BatchShape,
  trained: readonly Entry[],
  tracing: PassOptions & { share?: number | undefined },
): { graph: LossGraph; plans: TowerPlan[] } {
  const graph = traceLoss(split, layout, shape, trained, tracing)
  const unused = trained.find(({ name }) => !graph.declared.has(name))
  if (unused !== undefined)
    throw new VesaliusError('MODEL_INVALID', `The model does not use "${unused.name}" at every input shape.`)
  const plans = Object.keys(split.towers).flatMap((tower): TowerPlan[] => {
    const features = graph.features.filter((feature) => feature.tower === tower)
    if (features.length === 0) return []
    const keys = features.map(({ key }) => key)
    const chunks = chunksOf(split.rows(shape), chunkOf(caching, tower))
    const statistics = caching.batchStatistics ?? 'refuse'
    const graphs = [...new Set(chunks.map(({ rows }) => rows))].map((rows) => {
      const traced = traceTower(split, layout, shape, trained, { ...tracing, tower, rows, keys, statistics })
      return [rows, traced] as const
    })
    return [{ features, chunks, graphs: new Map(graphs) }]
  })
  return { graph, plans }
}

/** The graphs of a cached pass, for estimates: of the loss, and of the towers by what they are; bytes of kept features. */
export function cachedGraphs<BatchShape>(
  split: Split<BatchShape>,
  caching: CachingOptions,
  layout: Layout,
  shape: BatchShape,
  tracing: PassOptions = {},
): { loss: TracedPass; towers: ReadonlyMap<string, TracedPass>; keptBytes: number } {
  const trained = layout.entries.filter(({ group }) => group !== undefined)
  const { graph, plans } = planPass(split, caching, layout, shape, trained, tracing)
  const towers = plans.flatMap(({ features, graphs }) =>
    [...graphs].flatMap(([rows, traced]) => {
      const id = towerId(features, rows, traced)
      return [[`forward ${id}`, traced.forward] as const, [`backward ${id}`, traced.backward] as const]
    }),
  )
  const keptBytes = graph.features.reduce((total, feature) => total + 2 * 4 * sizeOf(feature.shape), 0)
  return { loss: graph, towers: new Map(towers), keptBytes }
}

/** Equal for towers that are the same graphs. */
function towerId(features: readonly Feature[], rows: number, { inputs, backward }: TowerGraph): string {
  return JSON.stringify([features.map(({ name }) => name), rows, [...inputs], Object.keys(backward.outputs)])
}

/** Compiles the pass; towers are taken from, and put into, `store`. Gradients of the whole batch land in `gradients`. */
export async function compileCachedPass<BatchShape>(
  options: { runtime: Runtime; split: Split<BatchShape>; caching: CachingOptions; store: TowerStore },
  layout: Layout,
  shape: BatchShape,
  trained: readonly Entry[],
  tracing: PassOptions,
  sum?: GradientSum,
): Promise<Compiled> {
  const { runtime, split, caching } = options
  const whole = split.rows(shape)
  // Everything is traced before anything is loaded: what is refused leaves nothing behind.
  const { graph, plans } = planPass(split, caching, layout, shape, trained, { ...tracing, share: sum?.share })
  const places = await openPlaces(runtime, graph.features, whole)
  const towers: Tower[] = []
  for (const plan of plans) towers.push(await loadTower(options, layout, plan, places))
  const parameters = parameterPlace(layout)
  const slopes = graph.features.map(({ name }) => [`d ${name}`, places.all(`d ${name}`) as BufferView] as const)
  const loss = await compileProgram(runtime, graph.outputs, {
    place: (name) => places.all(name) ?? parameters(name),
    into: { ...graph.into, ...Object.fromEntries(slopes) },
    fetch: graph.fetch,
  })
  const programs = [loss, ...towers.flatMap((t) => [...t.programs.values()].flatMap((p) => [p.forward, p.backward]))]
  const finished = lastWrites(trained, Object.keys(graph.into), towers)
  const pass: Pass = {
    runtime,
    whole,
    randoms: graph.randoms,
    places,
    towers,
    loss,
    finished,
    trained: layout.trained,
    sum,
  }
  return {
    report: joinReports(programs.map(({ report }) => report)),
    run: (feeds, draw) => runPass(pass, feeds, draw),
    async dispose() {
      await loss.dispose()
      await places.free()
    },
  }
}

/** Where features, and their gradients as `d NAME`, lie beside the runtime. */
interface Places {
  all(name: string): BufferView | undefined
  rows(name: string, chunk: Chunk): BufferView
  free(): Promise<void>
}

async function openPlaces(runtime: Runtime, features: readonly Feature[], whole: number): Promise<Places> {
  const views = new Map<string, BufferView>()
  for (const { name, shape } of features)
    for (const value of [name, `d ${name}`])
      views.set(value, { buffer: await runtime.reserve(sizeOf(shape), 'float32'), offset: 0, shape })
  return {
    all: (name) => views.get(name),
    rows(name, { first, rows }) {
      const { buffer, shape } = views.get(name) as BufferView
      return { buffer, offset: (sizeOf(shape) / whole) * first, shape: [rows, ...shape.slice(1)] }
    },
    async free() {
      for (const { buffer } of views.values()) await runtime.free(buffer)
    },
  }
}

/** A tower's programs for each number of rows, new or from the store. */
async function loadTower(
  { runtime, store }: { runtime: Runtime; store: TowerStore },
  layout: Layout,
  { features, chunks, graphs }: TowerPlan,
  places: Places,
): Promise<Tower> {
  const parameters = parameterPlace(layout)
  const sums = (name: string): BufferView | undefined => {
    const entry = name.startsWith('sum ') ? layout.byName.get(name.slice(4)) : undefined
    return entry === undefined ? parameters(name) : { buffer: 'gradients', offset: entry.offset, shape: entry.shape }
  }
  const programs = new Map<number, TowerPrograms>()
  for (const [rows, traced] of graphs) {
    const { forward, backward, inputs, entries } = traced
    const id = towerId(features, rows, traced)
    let made = store.get(id)
    if (made === undefined) {
      // Where features go is said at each run; here it only counts that they go somewhere.
      const targets = features.map(({ key, name }) => [key, places.rows(name, { first: 0, rows })] as const)
      const into = { ...forward.into, ...Object.fromEntries(targets) }
      made = {
        forward: await compileProgram(runtime, forward.outputs, { place: parameters, into }),
        backward: await compileProgram(runtime, backward.outputs, { place: sums, into: backward.into }),
        inputs,
        entries,
      }
      store.set(id, made)
    }
    programs.set(rows, made)
  }
  return { features, chunks, programs }
}

interface Pass {
  runtime: Runtime
  whole: number
  randoms: ReadonlyMap<string, Shape>
  places: Places
  towers: readonly Tower[]
  loss: Program
  /** Entries whose gradient is complete after the loss, and after each tower's backward pass. */
  finished: readonly (readonly Entry[])[]
  trained: number
  sum: GradientSum | undefined
}

async function runPass(
  { runtime, whole, randoms: wholeRandoms, places, towers, loss, finished, trained, sum }: Pass,
  feeds: Readonly<Record<string, Feed>>,
  draw: Draw,
): Promise<ProgramResult> {
  const kept: string[] = []
  let [seconds, hostSeconds] = [0, 0]
  const took = (ran: { seconds: number; hostSeconds: number }): void => {
    seconds += ran.seconds
    hostSeconds += ran.hostSeconds
  }
  try {
    const shared = await shareInputs(runtime, towers, feeds, kept)
    const feedsOf = ({ inputs }: TowerPrograms, { randoms }: Program, chunk: Chunk): Record<string, Feed> => {
      const own = [...inputs].map(([name, dims]) => [name, partOf(name, shared[name], dims, chunk, whole)] as const)
      return { ...Object.fromEntries(own), ...drawChunk(randoms, wholeRandoms, draw, chunk, whole) }
    }
    for (const { features, chunks, programs } of towers) {
      for (const chunk of chunks) {
        const tower = programs.get(chunk.rows) as TowerPrograms
        const into = features.map(({ key, name }) => [key, places.rows(name, chunk)] as const)
        took(await tower.forward.run(feedsOf(tower, tower.forward, chunk), Object.fromEntries(into)))
      }
    }
    await runtime.fill('gradients', 0, trained, 0)
    const result = await loss.run({ ...feeds, ...shared, ...drawAll(loss.randoms, draw) })
    took(result)
    sum?.begin(finished[0] as readonly Entry[])
    for (const [i, { features, chunks, programs }] of [...towers].reverse().entries()) {
      for (const chunk of chunks) {
        const tower = programs.get(chunk.rows) as TowerPrograms
        const slopes = features.map(({ key, name }) => [`d ${key}`, places.rows(`d ${name}`, chunk)] as const)
        took(await tower.backward.run({ ...feedsOf(tower, tower.backward, chunk), ...Object.fromEntries(slopes) }))
      }
      sum?.begin(finished[i + 1] as readonly Entry[])
    }
    return { outputs: result.outputs, seconds, hostSeconds, commit: result.commit }
  } finally {
    for (const buffer of kept) await runtime.free(buffer)
  }
}

const entryNames = ({ programs }: Tower): string[] =>
  [...programs.values()].flatMap(({ entries }) => entries.map(({ name }) => `d ${name}`))

function chunkOf({ chunk }: CachingOptions, tower: string): number {
  const rows = typeof chunk === 'number' ? chunk : chunk[tower]
  if (rows !== undefined && Number.isInteger(rows) && rows > 0) return rows
  throw new VesaliusError(
    'CONFIG_INVALID',
    `A chunk of ${rows} rows for the ${tower} tower is not a positive whole number.`,
    {
      where: 'train.chunk',
    },
  )
}

function chunksOf(whole: number, size: number): Chunk[] {
  return Array.from({ length: Math.ceil(whole / size) }, (_, i) => ({
    first: i * size,
    rows: Math.min(size, whole - i * size),
  }))
}

/** The entries whose gradient is complete after the loss, and after each tower in the order of the backward passes. */
function lastWrites(trained: readonly Entry[], byLoss: readonly string[], towers: readonly Tower[]): Entry[][] {
  const last = new Map(byLoss.map((name) => [name, 0]))
  ;[...towers].reverse().forEach((tower, i) => {
    for (const name of entryNames(tower)) last.set(name, i + 1)
  })
  return Array.from({ length: towers.length + 1 }, (_, phase) =>
    trained.filter(({ name }) => last.get(`d ${name}`) === phase),
  )
}

/** Hands what towers read over to the runtime, once for all chunks; `kept` takes the names of the buffers. */
async function shareInputs(
  runtime: Runtime,
  towers: readonly Tower[],
  feeds: Readonly<Record<string, Feed>>,
  kept: string[],
): Promise<Record<string, BufferView>> {
  const shared: Record<string, BufferView> = {}
  for (const { programs } of towers) {
    for (const name of [...programs.values()].flatMap(({ inputs }) => [...inputs.keys()])) {
      const feed = feeds[name]
      if (feed === undefined || name in shared) continue
      if ('data' in feed) {
        const buffer = await runtime.keep(name, feed)
        kept.push(buffer)
        shared[name] = { buffer, offset: 0, shape: feed.shape }
      } else shared[name] = feed
    }
  }
  return shared
}

/** A chunk's rows of an input, or all of an input that is not by rows. */
function partOf(name: string, feed: BufferView | undefined, dims: Shape, { first }: Chunk, whole: number): BufferView {
  if (feed === undefined) throw new VesaliusError('RUNTIME_FAILED', `The input "${name}" is missing.`)
  if (feed.shape[0] !== whole) return feed
  return { buffer: feed.buffer, offset: feed.offset + first * sizeOf(feed.shape.slice(1)), shape: dims }
}

/** Random leaves of a chunk: its rows of those that the whole batch would have. */
function drawChunk(
  randoms: readonly RandomInput[],
  wholeShapes: ReadonlyMap<string, Shape>,
  { seed, step, batch = 0, part }: Draw,
  { first, rows }: Chunk,
  whole: number,
): Record<string, Feed> {
  return Object.fromEntries(
    randoms.map(({ name, shape, distribution }) => {
      const lead = shape[0] ?? 1
      // Leaves that do not grow with the rows are the same for all chunks.
      const byRows = (wholeShapes.get(name)?.[0] ?? 1) !== lead || rows === lead
      const start = batch * (part?.whole ?? whole) + (part?.first ?? 0) + first
      const row = byRows ? start * (lead / rows) : batch * lead
      const data = drawRandom({ seed, step, name, row }, distribution, shape)
      return [name, { dtype: data instanceof Int32Array ? 'int32' : 'float32', shape, data }]
    }),
  )
}

function joinReports(reports: readonly ProgramReport[]): ProgramReport {
  return {
    stages: reports.flatMap(({ stages }) => stages),
    heldBytes: reports.reduce((total, { heldBytes }) => total + heldBytes, 0),
    movedBytes: reports.reduce((total, { movedBytes }) => total + movedBytes, 0),
  }
}
