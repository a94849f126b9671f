/**
 * @file Public face of the engine in browsers: what runs anywhere, and a runtime on onnxruntime-web. Bundlers for browsers
 * take this file wherever `engine/index` is imported (field `browser` of package.json), so models and layers need no change.
 */

export * from '../portable.ts'
export { openWebRuntime, type WebDevice, type WebRuntimeOptions } from './runtime.ts'
