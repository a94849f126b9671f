/**
 * @file The operations that models are written with, one file a family. Each checks shapes and dtypes where it is called,
 * makes one node (or a few, for composite ones), and computes nothing.
 */

export * from './ops/activations.ts'
export * from './ops/adaptive-pooling.ts'
export * from './ops/attention.ts'
export * from './ops/axis-map.ts'
export * from './ops/constants.ts'
export * from './ops/custom.ts'
export * from './ops/einsum.ts'
export * from './ops/elementwise.ts'
export * from './ops/indexing.ts'
export * from './ops/norm.ts'
export * from './ops/padding.ts'
export * from './ops/patches.ts'
export * from './ops/pooling.ts'
export * from './ops/products.ts'
export * from './ops/random.ts'
export * from './ops/reductions.ts'
export * from './ops/resize.ts'
export * from './ops/sampling.ts'
export * from './ops/shape.ts'
export * from './ops/similarity.ts'
export * from './ops/sorting.ts'
export * from './ops/windows.ts'
