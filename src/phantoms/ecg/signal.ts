/**
 * @file Twelve leads from a rhythm and a turning dipole. Each wave is a Gaussian in time with a direction in space; a lead is
 * the projection onto its axis. x to the left, y to the feet, z to the front; mV and seconds.
 */

import { random } from '../../core/random.ts'
import type { EcgFinding, EcgScene } from './scene.ts'

/** In the order of clinical records. */
export const leads = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'] as const
export type Lead = (typeof leads)[number]

type Vector = readonly [number, number, number]
const degrees = Math.PI / 180

/** Axes of the chest leads in the horizontal plane, degrees from the left towards the front. */
const chest = [120, 92, 68, 46, 22, 2]

/** Axis of each lead; limb leads follow from I and II as on the machine. */
export function axisOf(lead: Lead): Vector {
  const frontal = (angle: number): Vector => [Math.cos(angle * degrees), Math.sin(angle * degrees), 0]
  const limb: Partial<Record<Lead, Vector>> = {
    I: frontal(0),
    II: frontal(60),
    III: frontal(120),
    aVL: frontal(-30),
    aVF: frontal(90),
    aVR: frontal(-150),
  }
  const own = limb[lead]
  if (own) return own
  const angle = (chest[Number(lead.slice(1)) - 1] as number) * degrees
  return [Math.cos(angle), 0.12, Math.sin(angle)]
}

/** A wave: centre and width in seconds after the start of the QRS complex, direction and size in mV. */
interface Wave {
  at: number
  width: number
  vector: Vector
}

interface Beat {
  /** Seconds of the start of the QRS complex. */
  at: number
  ectopic: boolean
  /** Seconds to the next beat. */
  length: number
}

/** Amount of a finding, scaled by how strongly it is drawn; 0 when absent. */
function strengthOf(scene: EcgScene, name: EcgFinding, contrast: number, without: ReadonlySet<number>): number {
  const index = scene.findings.findIndex((finding) => finding.name === name)
  const finding = scene.findings[index]
  return !finding || without.has(index)
    ? 0
    : Math.min(1.4, finding.strength * contrast) * (0.75 + 0.5 * finding.shape.amount)
}

/** Times of the beats of a record, some of them ectopic. */
export function beatsOf(scene: EcgScene, seconds: number, ectopy: number): Beat[] {
  const { rate, irregular, phase } = scene.anatomy
  const stream = random(scene.seed, scene.domain, 'rhythm', scene.index)
  const normal = 60 / rate
  const beats: Beat[] = []
  let at = -normal * (1 + phase)
  let pause = false
  while (at < seconds + 1) {
    const interval = normal * Math.max(0.5, 1 + stream.normal(0, irregular))
    const early: boolean = !pause && beats.length > 2 && ectopy > 0 && stream.chance(0.16 + 0.1 * ectopy)
    // An early beat, then a pause that makes up for it.
    const next = early ? interval * 0.62 : pause ? interval * 1.38 : interval
    beats.push({ at, ectopic: pause, length: next })
    pause = early
    at += next
  }
  return beats
}

/** A vector in the frontal plane at an angle, with a part towards the front. */
function towards(angle: number, front: number, size: number): Vector {
  const flat = Math.sqrt(Math.max(0, 1 - front * front))
  return [Math.cos(angle * degrees) * flat * size, Math.sin(angle * degrees) * flat * size, front * size]
}

/** Waves of one beat. */
function wavesOf(scene: EcgScene, beat: Beat, contrast: number, without: ReadonlySet<number>): Wave[] {
  const { pr, qrs, axis, turn, voltage, waves } = scene.anatomy
  const on = (name: EcgFinding): number => strengthOf(scene, name, contrast, without)
  const w = qrs / 1000
  const front = Math.sin(turn * degrees)
  const [tSize, pSize] = waves
  const stretch = Math.sqrt(Math.min(1.3, beat.length))
  const t = 0.28 * stretch + w * 0.4
  if (beat.ectopic) {
    // From the ventricle: wide, its own way, T against it.
    return [
      { at: 0.04, width: 0.035, vector: towards(axis + 150, 0.35, 1.6) },
      { at: 0.1, width: 0.04, vector: towards(axis + 120, -0.4, 1.1) },
      { at: 0.3, width: 0.07, vector: towards(axis + 150, 0.35, -0.6) },
    ]
  }
  const list: Wave[] = []
  if (on('Atrial Fibrillation') === 0)
    list.push({ at: -pr / 1000 + 0.055, width: 0.022, vector: towards(52, 0.12, 0.15 * pSize) })
  const left = on('Left Bundle Branch Block')
  const right = on('Right Bundle Branch Block')
  const main = 1.25 * voltage
  if (left > 0) {
    list.push({ at: w * 0.3, width: w * 0.17, vector: towards(axis, -0.55, main * 0.85) })
    list.push({ at: w * 0.68, width: w * 0.17, vector: towards(axis, -0.6, main * 0.9) })
    list.push({ at: t + 0.02, width: 0.062, vector: towards(axis, -0.55, -0.38 * tSize * left) })
  } else {
    const narrow = right > 0 ? 0.085 : w
    list.push({ at: narrow * 0.16, width: narrow * 0.09, vector: towards(axis + 130, 0.6, main * 0.28) })
    list.push({ at: narrow * 0.45, width: narrow * 0.14, vector: towards(axis, -0.3 + front, main) })
    list.push({ at: narrow * 0.8, width: narrow * 0.11, vector: towards(axis - 150, -0.55, main * 0.34) })
    if (right > 0) list.push({ at: narrow + 0.022, width: 0.021, vector: towards(170, 0.72, 0.85 * right) })
    list.push({
      at: t,
      width: 0.055 * stretch,
      vector: towards(axis * 0.5 + 28, right > 0 ? -0.1 : 0.32, 0.36 * tSize),
    })
  }
  const anterior = on('Anterior Infarction')
  if (anterior > 0) {
    // Lost forces in front, and the segment lifted there.
    list.push({ at: w * 0.28, width: w * 0.16, vector: [0.1, 0, -0.75 * anterior] })
    for (let k = 0; k < 4; k++)
      list.push({ at: w + 0.02 + k * 0.04, width: 0.03, vector: [0.06, -0.03, 0.24 * anterior] })
  }
  const inferior = on('Inferior Infarction')
  if (inferior > 0) {
    list.push({ at: w * 0.22, width: w * 0.14, vector: [0, -0.72 * inferior, 0] })
    for (let k = 0; k < 4; k++)
      list.push({ at: w + 0.02 + k * 0.04, width: 0.03, vector: [-0.05, 0.24 * inferior, -0.03] })
  }
  const lowered = on('ST Depression')
  if (lowered > 0)
    for (let k = 0; k < 4; k++)
      list.push({ at: w + 0.015 + k * 0.04, width: 0.03, vector: [-0.14 * lowered, -0.07 * lowered, -0.09 * lowered] })
  return list
}

/** The record: mV of each lead, `rate` samples a second. */
export function signalsOf(
  scene: EcgScene,
  rate: number,
  seconds: number,
  { contrast, noise, without = new Set<number>() }: { contrast: number; noise: number; without?: ReadonlySet<number> },
): { name: Lead; millivolts: Float32Array }[] {
  const length = rate * seconds
  const heart = [0, 1, 2].map(() => new Float32Array(length)) as [Float32Array, Float32Array, Float32Array]
  for (const beat of beatsOf(scene, seconds, strengthOf(scene, 'Ventricular Ectopy', contrast, without))) {
    for (const { at, width, vector } of wavesOf(scene, beat, contrast, without)) {
      const middle = beat.at + at
      const from = Math.max(0, Math.ceil((middle - 4 * width) * rate))
      const to = Math.min(length, Math.floor((middle + 4 * width) * rate) + 1)
      for (let i = from; i < to; i++) {
        const g = Math.exp(-0.5 * ((i / rate - middle) / width) ** 2)
        for (let k = 0; k < 3; k++)
          (heart[k] as Float32Array)[i] = ((heart[k] as Float32Array)[i] as number) + g * (vector[k] as number)
      }
    }
  }
  const flutter = strengthOf(scene, 'Atrial Fibrillation', contrast, without)
  if (flutter > 0) {
    const stream = random(scene.seed, scene.domain, 'flutter', scene.index)
    const tones = Array.from(
      { length: 5 },
      () => [stream.uniform(4.5, 9), stream.uniform(0, 7), stream.uniform(0.008, 0.024)] as const,
    )
    for (let i = 0; i < length; i++) {
      const f =
        tones.reduce(
          (sum, [hertz, phase, size]) => sum + size * Math.sin(2 * Math.PI * hertz * (i / rate) + phase),
          0,
        ) * flutter
      heart[1][i] = (heart[1][i] as number) + f
      heart[2][i] = (heart[2][i] as number) + 1.2 * f
    }
  }
  const [muscle, mains, drift] = scene.anatomy.noise
  return leads.map((name, k) => {
    const axis = axisOf(name)
    const stream = random(scene.seed, scene.domain, 'noise', scene.index, k)
    const out = new Float32Array(length)
    if (scene.anatomy.flat === k) return { name, millivolts: out }
    const wander = [0, 1, 2].map(
      () => [stream.uniform(0.05, 0.4), stream.uniform(0, 7), stream.normal(0, drift / 2)] as const,
    )
    const hum = stream.uniform(0, 7)
    let grain = 0
    for (let i = 0; i < length; i++) {
      const time = i / rate
      let v = axis[0] * (heart[0][i] as number) + axis[1] * (heart[1][i] as number) + axis[2] * (heart[2][i] as number)
      if (noise > 0) {
        grain = 0.5 * grain + stream.normal(0, muscle)
        v += grain + mains * Math.sin(2 * Math.PI * 50 * time + hum)
        for (const [hertz, phase, size] of wander) v += size * Math.sin(2 * Math.PI * hertz * time + phase)
      }
      // One millivolt for a fifth of a second: the cue of the shortcut dial.
      if (scene.tag.boxed && time >= 0.05 && time < 0.25) v += 1
      out[i] = v
    }
    return { name, millivolts: out }
  })
}
