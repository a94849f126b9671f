/** @file Which nodes of a training step a device runs itself, and which it leaves to the CPU. */

import { openRuntime, providers } from '../engine/index.ts'
import { profileStep } from './bench-step.ts'
import { type SyntheticOptions, syntheticStep } from './synthetic.ts'

/** Small CLIPs that hold every kind of node of the larger ones. */
export const placedSteps: readonly (SyntheticOptions & { image: string; text: string })[] = [
  { image: 'vit-tiny', text: 'clip-text-tiny', size: 32, batch: 2, tokens: 8, vocabulary: 100 },
  { image: 'resnet-tiny', text: 'bert-tiny', size: 64, batch: 2, tokens: 8, vocabulary: 100 },
]

export interface Placement {
  image: string
  text: string
  /** Nodes by execution provider, with their operators. */
  providers: ReturnType<typeof providers>
}

/** Runs a training step of each of {@link placedSteps} on a device, and asks ONNX Runtime where each node ran. */
export async function stepPlacements(device: string): Promise<Placement[]> {
  const placements: Placement[] = []
  const runtime = openRuntime({ device })
  try {
    for (const options of placedSteps) {
      const { profile } = await profileStep(syntheticStep(options), runtime, { steps: 1, warmUp: 0 })
      placements.push({ image: options.image, text: options.text, providers: providers(profile) })
    }
  } finally {
    await runtime.close()
  }
  return placements
}

/** "Gather 2, Concat 1": operators of one provider that do something; nothing for none. */
export function operatorsOn({ providers: found }: Placement, provider: string): string {
  const ops = found.find((entry) => entry.provider === provider)?.ops ?? {}
  return Object.entries(ops)
    .map(([op, n]) => `${op} ${n}`)
    .join(', ')
}
