/** @file The transformer of CLIP, used by its image and its text tower: pre-norm blocks with Hugging Face's names. */

import { add, gelu, quickGelu, type Tensor } from '../engine/index.ts'
import { attend, layerNorm, linear, linears, type Scope } from '../nn/index.ts'

export interface ClipLayersConfig {
  width: number
  layers: number
  heads: number
  mlp?: number | undefined
  activation: 'gelu' | 'quick_gelu'
  epsilon: number
}

/** x [B, T, D] through `layers` blocks: the states [B, T, D] after each; initial values as OpenAI's. */
export function clipLayers(scope: Scope, x: Tensor, config: ClipLayersConfig, mask?: Tensor): [...Tensor[], Tensor] {
  const { width, layers, heads, epsilon } = config
  const inner = { kind: 'normal', sd: width ** -0.5 } as const
  const outer = { kind: 'normal', sd: width ** -0.5 * (2 * layers) ** -0.5 } as const
  const hidden = { kind: 'normal', sd: (2 * width) ** -0.5 } as const
  const activate = config.activation === 'gelu' ? gelu : quickGelu

  const block = (layer: Scope, x: Tensor): Tensor => {
    const self = layer.in('self_attn')
    const normed = layerNorm(layer.in('layer_norm1'), x, epsilon) //                          [B, T, D]
    const projections = ['q_proj', 'k_proj', 'v_proj'].map((name) => self.in(name))
    const [q, k, v] = linears(
      normed,
      projections.map((projection) => ({ scope: projection, outputs: width, init: inner })),
    ) as [Tensor, Tensor, Tensor]
    const attended = add(x, linear(self.in('out_proj'), attend(q, k, v, heads, mask), width, { init: outer }))

    const wide = linear(
      layer.in('mlp', 'fc1'),
      layerNorm(layer.in('layer_norm2'), attended, epsilon),
      config.mlp ?? 4 * width,
      {
        init: hidden,
      },
    ) //                                                                                     [B, T, 4 D]
    return add(attended, linear(layer.in('mlp', 'fc2'), activate(wide), width, { init: outer }))
  }
  const states: Tensor[] = []
  for (let i = 0; i < layers; i++) {
    const layer = scope.in('layers', i)
    x = layer.layer((y) => block(layer, y), x)
    states.push(x)
  }
  return states as [...Tensor[], Tensor]
}
