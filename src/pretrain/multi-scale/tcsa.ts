/**
 * TCSA: a text-guided cross-view medical semantic alignment framework for adaptive multi-view visual representation learning
 * (Lei et al., ISBRA 2023). Survey section 3.2. Every kind of view has a space of its own; words say which regions of two
 * views belong together; a common space holds studies with any number of views.
 *
 *   v_a [P, D] = Local_kind(a)( cells of view a )       private regions;  h_a = Global_kind(a)( view a )  private vector
 *   z  = n( mean over kinds of n( mean over views a of a kind of n( g(h_a) ) ) )      g common; no scale by the count
 *   c_aw = Σ_p softmax_p(...) v_ap                       what word w sees in view a, as GLoRIA
 *   L_global = (CE rows + CE columns)/2 of cos(z_i, tg_j)/τ
 *   L_local  = mean over views of (CE rows + CE columns)/2 of τ3 log Σ_w exp( τ2 cos(c_aw, t_w) ), rivals of the same kind
 *   L_cv     = mean over studies with two kinds of ½[ mean_w CE( w; cos(m(c_aw), m(c_b.))/τc ) + mirror ] ,   m_kind linear
 *   L        = L_global + λ_l L_local + λ_c L_cv
 *
 * A study with one view trains the first two terms; views of one kind have no L_cv. Views are dropped at random while
 * training, one is always left; missing ones enter neither loss nor batch statistics.
 * Reconstruction from the abstract, the survey and GLoRIA: no code was released. g is the model's own projection (a
 * perceptron), and frontal views go to it as they are: any invertible head of theirs could be moved into g. So an exported
 * model serves a frontal view alone exactly as it was trained, other views as if they were frontal. Sides of both
 * directions are averaged where GLoRIA adds them.
 */

import { z } from 'zod'
import {
  add,
  and,
  broadcast,
  cast,
  concat,
  div,
  equal,
  matmul,
  maximum,
  mul,
  not,
  reshape,
  slice,
  sum,
  type Tensor,
  unsqueeze,
} from '../../engine/index.ts'
import { linear, type Scope } from '../../nn/index.ts'
import { viewKinds } from '../inputs.ts'
import { objective } from '../objective.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { localContrast } from '../parts/local-contrast.ts'
import { mergeWords, startAsWord } from '../parts/pooling.ts'
import { stageRegions } from '../parts/stage-regions.ts'
import { contrastViews } from '../parts/view-contrast.ts'
import { fillViews, ownHead, studyEmbedding, viewsOfKind } from '../parts/view-spaces.ts'
import { matchWords, wordMaps } from '../parts/word-regions.ts'

/** Features x [B, A, ...] of each view by the linear map of its kind. */
function byKind(scope: Scope, x: Tensor, width: number, kinds: readonly Tensor[]): Tensor {
  const heads = viewKinds.map((kind) => linear(scope.in(kind), x, width, { bias: false }))
  return ownHead(heads, kinds)
}

export const tcsa = objective({
  id: 'tcsa',
  survey: {
    name: 'TCSA',
    paper: 'Lei et al., ISBRA 2023',
    table: 2,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale', 'data-efficient'],
    tasks: ['CLS', 'ZSC', 'ITR'],
  },
  needs: ['image', 'text', 'views'],
  text: 'report',
  habits: { projection: { kind: 'mlp' } },
  losses: ['global', 'local', 'crossView'],
  config: z.strictObject({
    views: z.number().int().positive().default(3).describe('views of a study at most'),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0.2)
      .describe('share of views left out while training; one is always left'),
    localWeight: z.number().nonnegative().default(1).describe('λ_l'),
    crossWeight: z.number().nonnegative().default(1).describe('λ_c'),
    crossTemperature: z.number().positive().default(0.1).describe('τc'),
    tau1: z.number().positive().default(4).describe('sharpness of the attention over regions'),
    tau2: z.number().positive().default(5).describe('sharpness of the sum over words'),
    tau3: z.number().positive().default(10).describe('scale of the local loss'),
    attention: z.enum(['double', 'single']).default('double').describe("as GLoRIA's"),
    aggregate: z.enum(['sum', 'mean', 'max']).default('sum').describe('of the words of a text'),
    lastLayers: z.number().int().positive().default(4).describe('layers of the text tower that are added'),
    chunk: z.number().int().positive().default(8).describe('texts looked at together; less needs less memory'),
  }),
  views: ({ views, dropout }) => ({ count: views, pick: 'random', dropout }),
  refuse: (batch) => (batch < 2 ? 'a batch of one study has no negatives' : undefined),

  passes: {
    image({ batch, model, modules, encodeImage, projectImage }) {
      const { viewMask: mask, viewKind: kind } = batch
      const kinds = viewsOfKind(mask, kind)
      const pixels = fillViews(batch.pixels, mask)
      const [b, a, ...picture] = pixels.shape as [number, number, ...number[]]
      const image = encodeImage(reshape(pixels, [b * a, ...picture]))
      const perView = (x: Tensor): Tensor => reshape(x, [b, a, ...x.shape.slice(1)])
      const { cells, grid } = stageRegions(image)
      const regions = byKind(modules.in('local'), perView(cells), model.joint, kinds) //       v [B, A, P, D]
      const raw = perView(image.globalRaw) //                                                  [B, A, C]
      const width = raw.shape[2] as number
      const init = { init: { kind: 'zeros' }, biasInit: { kind: 'zeros' } } as const
      const turned = viewKinds.map((name) =>
        name === 'frontal' ? raw : add(raw, linear(modules.in('global', name), raw, width, init)),
      )
      const own = ownHead(turned, kinds) //                                                    h [B, A, C]
      return { global: studyEmbedding(projectImage(own), kinds), regions, grid, mask, kind } // z [B, D]
    },
    text({ batch, config: { lastLayers }, encodeText }) {
      const { global, tokens } = encodeText(batch.ids, batch.mask, { lastLayers })
      return { global, ...mergeWords(tokens, startAsWord(batch.wordIndex), 'sum') } //         tg, t [B, W, D]
    },
  },

  loss({ image, text, scale, modules, config }) {
    const { regions, mask, kind } = image
    const [b, a, p, d] = regions.shape as [number, number, number, number]
    const flat = reshape(regions, [b * a, p, d])
    const { words, wordMask } = text
    const w = words.shape[1] as number
    const local = contrastViews(mul(matchWords(flat, words, wordMask, config), config.tau3), mask, kind)

    const ofEachView = (x: Tensor): Tensor =>
      reshape(broadcast(unsqueeze(x, 1), [b, a, ...x.shape.slice(1)]), [b * a, ...x.shape.slice(1)])
    const maps = wordMaps(flat, ofEachView(words), ofEachView(wordMask), config) //            [B A, W, P]
    const contexts = reshape(matmul(maps, flat), [b, a, w, d]) //                              c_aw
    const common = byKind(modules.in('cross'), contexts, d, viewsOfKind(mask, kind)) //        m(c) [B, A, W, D]
    const pairs = pairsOf(a)
    const crossView =
      pairs.length === 0
        ? mul(sum(regions), 0)
        : crossLoss(pairs, common, wordMask, mask, kind, config.crossTemperature)
    return {
      global: contrastive(mul(cosineMatrix(image.global, text.global), scale)),
      local,
      crossView,
    }
  },
  weights: ({ localWeight, crossWeight }) => ({ global: 1, local: localWeight, crossView: crossWeight }),

  pictures: {
    words({ image, text, config }) {
      const [b, , p, d] = image.regions.shape as [number, number, number, number]
      const first = reshape(slice(image.regions, 1, 0, 1), [b, p, d]) //                       of the first view
      const maps = wordMaps(first, text.words, text.wordMask, config) //                       [B, 1 + W, P]
      return { maps: slice(maps, 1, 1, maps.shape[1] as number), grid: image.grid } //         without [CLS]
    },
  },

  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64, config: { lastLayers: 2 } },
  published: {
    image: 'resnet-50',
    text: 'bert-base',
    size: 224,
    overrides: {
      data: { augment: 'gloria', fit: 'letterbox' },
      model: { text: { readOut: 'mean' }, joint: 768 },
      train: { batch: 48, epochs: 50, rate: 5e-5, optimizer: { kind: 'adamw', weightDecay: 1e-6 } },
    },
  },
})

/** Two places of a study. */
type Pair = readonly [number, number]

function pairsOf(a: number): Pair[] {
  return Array.from({ length: a }, (_, i) => Array.from({ length: i }, (_, j) => [j, i] as const)).flat()
}

/** L_cv of contexts [B, A, W, D] in the common space: mean over studies that have views of two kinds, over their pairs. */
function crossLoss(
  pairs: readonly Pair[],
  contexts: Tensor,
  words: Tensor,
  mask: Tensor,
  kind: Tensor,
  temperature: number,
): Tensor {
  const [b, , w, d] = contexts.shape as [number, number, number, number]
  const view = (x: Tensor, at: number): Tensor => slice(x, 1, at, at + 1) //                   [B, 1, ...]
  const sides = ([0, 1] as const).map((side) =>
    reshape(
      concat(
        pairs.map((pair) => view(contexts, pair[side])),
        1,
      ),
      [b * pairs.length, w, d],
    ),
  ) as [Tensor, Tensor]
  const real = cast(mask, 'bool')
  const valid = pairs.map(([i, j]) => and(and(view(real, i), view(real, j)), not(equal(view(kind, i), view(kind, j)))))
  const counts = cast(concat(valid, 1), 'float32') //                                          [B, pairs]
  const studies = div(counts, maximum(sum(counts, 1, true), 1)) //                             a study counts once
  const repeated = broadcast(unsqueeze(words, 1), [b, pairs.length, w])
  const { forward, backward } = localContrast(...sides, {
    temperature,
    mask: reshape(repeated, [b * pairs.length, w]),
    studies: reshape(studies, [b * pairs.length]),
  })
  return mul(
    [forward, backward].map(({ alignment, prior }) => add(alignment, prior)).reduce((x, y) => add(x, y)),
    0.5,
  )
}
