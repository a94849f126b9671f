/** @file How a picture was taken: pose and exposure, drawn around a domain's usual values. */

import type { Random } from '../../core/random.ts'
import type { Pose } from './canvas.ts'
import type { Detector } from './picture-domain.ts'

/** What varies from study to study. */
export interface Acquisition {
  /** Radians. */
  roll: number
  /** mm. */
  shift: [number, number]
  /** Factor of the field. */
  zoom: number
  gain: number
  bias: number
  gamma: number
  blur: number
  noise: number
  /** Stream of textures of this picture. */
  seed: number
}

/** Usual values and spreads (standard deviations). */
export interface AcquisitionSpread {
  roll: number
  shift: number
  zoom: number
  gain: number
  bias: number
  gamma: number
  /** mm, mean. */
  blur: number
  /** Greys, median. */
  noise: number
}

/** One acquisition; `nuisance` scales every spread except that of noise. */
export function acquire(study: Random, nuisance: number, spread: AcquisitionSpread): Acquisition {
  return {
    roll: study.normal(0, spread.roll) * nuisance,
    shift: [study.normal(0, spread.shift) * nuisance, study.normal(0, spread.shift) * nuisance],
    zoom: Math.exp(study.normal(0, spread.zoom) * nuisance),
    gain: Math.exp(study.normal(0, spread.gain) * nuisance),
    bias: study.normal(0, spread.bias) * nuisance,
    gamma: Math.exp(study.normal(0, spread.gamma) * nuisance),
    blur: spread.blur * study.uniform(0.7, 1.3),
    noise: spread.noise * Math.exp(study.normal(0, 0.3)),
    seed: study.int(2 ** 31),
  }
}

/** Pose of a picture whose usual field is `field` mm. */
export function poseFrom({ roll, shift, zoom }: Acquisition, field: number, mirrored = false): Pose {
  return { field: field * zoom, roll, shift, mirrored }
}

/** Detector of a picture. */
export function detectorFrom({ blur, gain, bias, gamma, noise }: Acquisition): Detector {
  return { blur, gain, bias, gamma, noise }
}
