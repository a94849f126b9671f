/** @file Lowering of products. */

import type { Products } from '../../primitives.ts'
import { microsoft, type Rules } from './site.ts'

export const products: Rules<keyof Products> = {
  matmul({ e, x, inputs: [a], shape, attributes: { transposeA, transposeB, scale } }) {
    // A sum of nothing: FusedMatMul would leave its output unwritten (seen in ONNX Runtime 1.30).
    if (a!.shape.at(transposeA ? -2 : -1) === 0) return e.emit('ConstantOfShape', [e.dims(shape)])
    if (!transposeA && !transposeB && scale === 1) return e.emit('MatMul', x)
    const turned = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 }
    return e.emit('FusedMatMul', x, scale === 1 ? turned : { ...turned, alpha: { float: scale } }, microsoft)
  },
}
