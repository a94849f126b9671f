/** @file Functions with a derivative of their own. */

import type { CustomRule } from '../primitives.ts'
import { node, type Tensor } from '../tensor.ts'

/**
 * `forward(...x)` with the derivative that `backward` gives instead of the one that follows from its operations. `backward`
 * sees the inputs x, the result y and its gradient g, and returns one gradient an input (null = nothing flows), made of
 * the engine's operations: it is differentiated like them for second derivatives. What `forward` uses without being given
 * it as an input gets no gradient.
 */
export function customGradient(
  forward: (...x: Tensor[]) => Tensor,
  backward: CustomRule,
): (...x: readonly Tensor[]) => Tensor {
  return (...x) => {
    const y = forward(...x)
    return node('custom', [y, ...x], { backward }, y.shape, y.dtype)
  }
}

/** f(x) with the derivative of x itself (Bengio et al. 2013): rounding, a hard choice, a quantised value. */
export function straightThrough(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  return customGradient(f, ({ g }) => [g])(x)
}
