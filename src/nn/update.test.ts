/** @file Optimizers against torch.optim, timm and lion-pytorch, and the running average against timm's. */

import { readFileSync } from 'node:fs'
import { afterAll, describe, it } from 'vitest'
import { expectNear } from '../../test/near.ts'
import {
  averageSchema,
  type Declaration,
  flatten,
  type Layout,
  layOut,
  openRuntime,
  optimizerSchema,
  valuesByName,
} from '../engine/index.ts'
import { openUpdate, type UpdateOptions } from './update.ts'

type Named = Record<string, number[]>
interface Golden {
  shapes: Record<string, number[]>
  rates: number[]
  start: Named
  gradients: Named[]
  cases: { config: { kind: string }; after: Named[] }[]
  averages: { config: Record<string, unknown>; after: Named[] }[]
}

const golden = JSON.parse(readFileSync(new URL('../../test/golden/optimizers.json', import.meta.url), 'utf8')) as Golden
const runtime = openRuntime({ threads: 1 })
afterAll(() => runtime.close())

const layout: Layout = layOut(
  Object.entries(golden.shapes).map(
    ([name, shape]): Declaration => ({
      name,
      shape,
      init: { kind: 'zeros' },
      kind: 'parameter',
      decay: shape.length > 1,
    }),
  ),
  ({ name, decay }) => ({ decay, factor: name === 'second.weight' ? 0.1 : 1, frozenUntil: 0 }),
)

function flat(values: Named): Float32Array {
  const named = Object.entries(values).map(
    ([name, data]) => [name, { shape: golden.shapes[name]!, data: Float32Array.from(data) }] as const,
  )
  return flatten(layout, new Map(named), 'golden')
}

/** Takes the golden's steps; `look` sees the buffer after each. */
async function follow(
  options: UpdateOptions,
  buffer: string,
  look: (step: number, found: Named) => void,
): Promise<void> {
  const update = await openUpdate(runtime, layout, options)
  await runtime.write('parameters', 0, flat(golden.start))
  await update.reset()
  for (const [step, gradient] of golden.gradients.entries()) {
    await runtime.write('gradients', 0, flat(gradient))
    await update.apply(step, golden.rates[step]!, await update.measure())
    const values = valuesByName(layout, await runtime.read(buffer, 0, layout.trained))
    look(step, Object.fromEntries([...values].map(([name, data]) => [name, [...data]])))
  }
  await update.dispose()
}

describe('optimizers equal those of PyTorch and timm, in groups with their own rate and decay', () => {
  it.each(golden.cases.map((one) => [JSON.stringify(one.config), one] as const))('%s', async (_, { config, after }) => {
    await follow({ optimizer: optimizerSchema.parse(config) }, 'parameters', (step, found) => {
      for (const [name, wanted] of Object.entries(after[step]!))
        expectNear(`${name} after step ${step + 1}`, found[name]!, wanted, 2e-6)
    })
  })
})

describe("the running average equals timm's", () => {
  it.each(golden.averages.map((one) => [JSON.stringify(one.config), one] as const))('%s', async (_, one) => {
    const optimizer = optimizerSchema.parse(golden.cases[0]!.config)
    await follow({ optimizer, average: averageSchema.parse(one.config) }, 'average', (step, found) => {
      for (const [name, wanted] of Object.entries(one.after[step]!))
        expectNear(`average of ${name} after step ${step + 1}`, found[name]!, wanted, 2e-6)
    })
  })
})
