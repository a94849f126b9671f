/** @file What is used of WebAssembly: its types come with those of browsers only. */

export interface Memory {
  readonly buffer: ArrayBufferLike
}
export type Module = Record<never, never>

declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum?: number; shared?: boolean }) => Memory
  Module: new (bytes: Uint8Array) => Module
  Instance: new (module: Module, imports: { env: { memory: Memory } }) => { exports: Readonly<Record<string, unknown>> }
}

/** The function of a vector kernel, see `Kernel`. */
export type Run = (bytes: number, rates: number, ...vectors: number[]) => number | undefined

const page = 65_536

/** A memory of zeros, of at least so many bytes; throws where there is none so large. */
export function makeMemory(bytes: number, shared = false): Memory {
  const pages = Math.ceil(bytes / page)
  return new WebAssembly.Memory(shared ? { initial: pages, maximum: pages, shared } : { initial: pages })
}

/** The code of a kernel. */
export function compileModule(bytes: Uint8Array): Module {
  return new WebAssembly.Module(Uint8Array.from(bytes))
}

/** The function of a kernel over a memory. */
export function instantiate(module: Module, memory: Memory): Run {
  return new WebAssembly.Instance(module, { env: { memory } }).exports.run as Run
}
