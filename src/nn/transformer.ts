/** @file Transformer blocks with the parameters of torch.nn.TransformerEncoderLayer and TransformerDecoderLayer. */

import { add, relu, type Tensor } from '../engine/index.ts'
import { dropout, dropPath } from './dropout.ts'
import { type Activation, mlp } from './mlp.ts'
import { multiHeadAttention } from './multi-head.ts'
import { layerNorm } from './norm.ts'
import type { Scope } from './scope.ts'

export interface BlockOptions {
  heads: number
  /** Width of the hidden layer of the position-wise network. */
  hidden: number
  /** Norms before each part (pre-norm) instead of after each sum (post-norm, PyTorch's default). */
  normFirst?: boolean
  activation?: Activation
  /** Share dropped while training: of attention weights, hidden values, and each part's result. */
  dropout?: number
  /** Probability that a whole part is skipped for an item of the batch while training (stochastic depth). */
  dropPath?: number
  epsilon?: number
  /** Position t sees positions up to t only. */
  causal?: boolean
  /** int32 [B, T], 1 = a real token. */
  tokenMask?: Tensor
  /** Additive masks or biases of the self-attention, each broadcasting to [B, heads, T, T]. */
  masks?: readonly Tensor[]
}

export interface DecoderOptions extends BlockOptions {
  /** int32 [B, S], 1 = a real token of the memory. */
  memoryMask?: Tensor
}

/**
 * x [B, T, D] -> [B, T, D]: self-attention, then a position-wise network, each with a residual sum.
 * Parameters: `self_attn.*`, `linear1.*`, `linear2.*`, `norm1.*`, `norm2.*`.
 */
export function encoderBlock(scope: Scope, x: Tensor, options: BlockOptions): Tensor {
  const part = residual(scope, options)
  const attended = part(x, 1, (y) => selfAttention(scope, y, options))
  return part(attended, 2, (y) => feedForward(scope, y, options))
}

/**
 * x [B, T, D] with memory [B, S, E] -> [B, T, D]: self-attention, cross-attention, position-wise network.
 * Parameters: `self_attn.*`, `multihead_attn.*`, `linear1.*`, `linear2.*`, `norm1.*`, `norm2.*`, `norm3.*`.
 * `weights` [B, heads, T, S] are those of the cross-attention.
 */
export function decoderBlock(
  scope: Scope,
  x: Tensor,
  memory: Tensor,
  options: DecoderOptions,
): { output: Tensor; weights: Tensor } {
  const { heads, dropout: share, memoryMask } = options
  const part = residual(scope, options)
  let weights: Tensor | undefined
  const own = part(x, 1, (y) => selfAttention(scope, y, options))
  const crossed = part(own, 2, (y) => {
    const cross = { heads, key: memory, keyMask: memoryMask, dropout: share }
    const made = multiHeadAttention(scope.in('multihead_attn'), y, cross)
    weights = made.weights
    return made.output
  })
  return { output: part(crossed, 3, (y) => feedForward(scope, y, options)), weights: weights as Tensor }
}

/** `layers` encoder blocks under `layers.i`, and a last norm under `norm` if asked for (pre-norm needs one). */
export function encoder(
  scope: Scope,
  x: Tensor,
  { layers, finalNorm = false, ...options }: BlockOptions & { layers: number; finalNorm?: boolean },
): Tensor {
  for (let i = 0; i < layers; i++) {
    // Deeper blocks are skipped more often (Huang et al. 2016).
    const skip = layers > 1 ? ((options.dropPath ?? 0) * i) / (layers - 1) : options.dropPath
    const block = { ...options, dropPath: skip }
    x = scope.layer((y) => encoderBlock(scope.in('layers', i), y, block), x)
  }
  return finalNorm ? layerNorm(scope.in('norm'), x, options.epsilon ?? 1e-5) : x
}

/** `layers` decoder blocks under `layers.i`, and a last norm under `norm` if asked for. */
export function decoder(
  scope: Scope,
  x: Tensor,
  memory: Tensor,
  { layers, finalNorm = false, ...options }: DecoderOptions & { layers: number; finalNorm?: boolean },
): Tensor {
  for (let i = 0; i < layers; i++)
    x = scope.layer((y, seen) => decoderBlock(scope.in('layers', i), y, seen, options).output, x, memory)
  return finalNorm ? layerNorm(scope.in('norm'), x, options.epsilon ?? 1e-5) : x
}

/** One part with its norm and residual sum: pre-norm x + f(norm(x)), post-norm norm(x + f(x)). */
function residual(scope: Scope, { normFirst = false, dropout: share = 0, dropPath: skip = 0, epsilon }: BlockOptions) {
  return (x: Tensor, i: number, f: (y: Tensor) => Tensor): Tensor => {
    const norm = (y: Tensor): Tensor => layerNorm(scope.in(`norm${i}`), y, epsilon ?? 1e-5)
    const made = dropout(scope, f(normFirst ? norm(x) : x), share, `dropout${i}`)
    const sum = add(x, dropPath(scope, made, skip, `drop_path${i}`))
    return normFirst ? sum : norm(sum)
  }
}

function selfAttention(scope: Scope, x: Tensor, { heads, causal, tokenMask, masks, dropout }: BlockOptions): Tensor {
  return multiHeadAttention(scope.in('self_attn'), x, { heads, causal, keyMask: tokenMask, masks, dropout }).output
}

function feedForward(scope: Scope, x: Tensor, { hidden, activation = relu, dropout }: BlockOptions): Tensor {
  return mlp(scope, x, { hidden, activation, dropout, names: ['linear1', 'linear2'] })
}
