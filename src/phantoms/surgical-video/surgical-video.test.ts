import { describe, expect, it } from 'vitest'
import { holdsTheContract, makeStudies } from '../../../test/phantom-contract.ts'
import type { PhantomDomain } from '../domain.ts'
import { surgicalVideo } from './domain.ts'
import { type ActionName, postureAt, type SurgicalScene, sampleSurgery, surgicalDials } from './scene.ts'

const domain = surgicalVideo as unknown as PhantomDomain
holdsTheContract(domain, ['appearance', 'motion', 'actions', 'labelNoise', 'heldOutPair'], { frames: 2 })

const scenes = (count: number, more: object = {}): SurgicalScene[] =>
  Array.from({ length: count }, (_, i) => sampleSurgery(3, i, surgicalDials.parse({ actions: 'same tools', ...more })))

/** Path of the right tip over the clip: length, and how straight it is (greatest over total extent). */
function motionOf(scene: SurgicalScene): { right: number; left: number } {
  let [right, left] = [0, 0]
  for (let k = 1; k < scene.frames; k++) {
    const [a, b] = [postureAt(scene, k - 1), postureAt(scene, k)]
    right += Math.hypot(b.right[0] - a.right[0], b.right[1] - a.right[1])
    left += Math.hypot(b.left[0] - a.left[0], b.left[1] - a.left[1])
  }
  return { right, left }
}

describe('surgical clips', () => {
  it('tell the actions of the same tools by motion', () => {
    const ratio = new Map<ActionName, number[]>()
    for (const scene of scenes(150)) {
      const { action } = scene.phases[0] as SurgicalScene['phases'][number]
      const { left, right } = motionOf(scene)
      ratio.set(action, [...(ratio.get(action) ?? []), left / right])
    }
    // Knots move both tips alike; the others move the right one.
    expect(Math.min(...(ratio.get('Knot Tying') as number[]))).toBeGreaterThan(0.9)
    expect(Math.max(...(ratio.get('Dissecting') as number[]))).toBeLessThan(0.3)
    expect(Math.max(...(ratio.get('Needle Driving') as number[]))).toBeLessThan(0.5)
  })

  it('do not tell them by where a tip is in one frame', () => {
    const distance = new Map<ActionName, number[]>()
    for (const scene of scenes(600)) {
      const { action } = scene.phases[0] as SurgicalScene['phases'][number]
      const { left, right } = postureAt(scene, 0)
      distance.set(action, [...(distance.get(action) ?? []), Math.hypot(right[0] - left[0], right[1] - left[1])])
    }
    const median = (action: ActionName): number =>
      (distance.get(action) as number[]).sort((a, b) => a - b)[
        Math.floor((distance.get(action) as number[]).length / 2)
      ] as number
    for (const action of ['Dissecting', 'Needle Driving'] as const) {
      expect(Math.abs(median(action) - median('Knot Tying'))).toBeLessThan(0.12)
    }
  })

  it('label and describe every frame, in the order of time', async () => {
    for (const { study } of await makeStudies(domain, 20, { dials: { phases: 3, frames: 9, labelNoise: 0 } })) {
      expect(study.frames.map(({ seconds }) => seconds)).toEqual([...study.frames.keys()].map((k) => k / 2))
      const seen = new Set(
        study.frames.flatMap(({ labels }) => Object.keys(labels).filter((name) => labels[name] === 1)),
      )
      for (const [name, label] of Object.entries(study.truth?.labels ?? {}))
        expect(seen.has(name), name).toBe(label === 1)
      for (const { caption } of study.frames) expect(caption).toContain(`on the ${study.attributes.target} with`)
    }
  })
})
