/**
 * @file What must not tell the labels: everything about a study but its picture and words, and the noise of the picture.
 * Logistic models on place in the list, file name, file size and patient; and on noise statistics.
 */

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Study } from '../../data/study.ts'
import type { LineCases } from './cases.ts'

/** Numbers about each study that hold no picture: [place, name, bytes, patient, visits]. */
export async function fileFacts(folder: string, studies: readonly Study[]): Promise<number[][]> {
  const visits = new Map<string, number>()
  for (const { patient } of studies) visits.set(patient, (visits.get(patient) ?? 0) + 1)
  return Promise.all(
    studies.map(async ({ images, signals, patient }, place) => {
      const path = images[0]?.path ?? signals[0]?.path ?? ''
      const { size } = await stat(join(folder, path))
      return [place, digitsOf(path), size, digitsOf(patient), visits.get(patient) ?? 0]
    }),
  )
}

/** All digits of a text as one number. */
function digitsOf(text: string): number {
  return Number(text.replaceAll(/\D/g, '').slice(0, 15) || 0)
}

/** Levels of local intensity. */
const levels = 64
/** Levels with less grain than this are background without noise, on the scale 0..1. */
const silence = 1e-4

/**
 * Fits what the grain of a case is expected to be at each local intensity, and gives two kinds of facts: `grain`, its mean
 * and median as measured, and `noise`, the lower quantiles of its ratio to what is expected at that intensity.
 *
 * The variance of an honest detector follows the intensity that reaches it, so whatever darkens a part of the picture
 * changes its grain: that is physics, not a leak, and `grain` sees it, and every fine structure besides. A leak would be
 * noise that depends on the label at the same intensity; the flattest parts of a picture, which the quantiles are of, show
 * noise and little else.
 */
export function noiseFacts(training: LineCases): (cases: LineCases) => { grain: number[][]; noise: number[][] } {
  const total = new Float64Array(levels)
  const count = new Float64Array(levels)
  const stride = Math.max(1, Math.floor(training.studies.length / 500))
  for (let n = 0; n < training.studies.length; n += stride) {
    eachGrain(training, n, (grain, level) => {
      total[level]! += grain
      count[level]!++
    })
  }
  const expected = total.map((sum, level) => sum / Math.max(1, count[level] as number))
  return (cases) => {
    const facts = { grain: [] as number[][], noise: [] as number[][] }
    for (let n = 0; n < cases.studies.length; n++) {
      const [raw, ratio]: [number[], number[]] = [[], []]
      eachGrain(cases, n, (grain, level) => {
        raw.push(grain)
        if (expected[level]! > silence) ratio.push(grain / expected[level]!)
      })
      const mean = raw.reduce((a, b) => a + b, 0) / Math.max(1, raw.length)
      facts.grain.push([mean, quantile(raw, 0.5)])
      facts.noise.push([quantile(ratio, 0.2), quantile(ratio, 0.4)])
    }
    return facts
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0
}

/**
 * Absolute response of every inner pixel to Immerkaer's mask ("Fast noise variance estimation", 1996), which edges and
 * ramps hardly touch, with the level of the mean of its 3 x 3 neighbours; second differences along a recording.
 */
function eachGrain({ values, shape }: LineCases, n: number, visit: (grain: number, level: number) => void): void {
  const [views, channels, height, width] = shape
  const area = height * width
  const planes = views * channels
  const step = height === 1 ? 1 : Math.max(1, Math.floor(planes / 4))
  for (let p = 0; p < planes; p += step) {
    const at = (n * planes + p) * area
    const plane = values.subarray(at, at + area)
    if (height === 1) {
      for (let i = 1; i < width - 1; i++) {
        const sum = plane[i - 1]! + plane[i]! + plane[i + 1]!
        visit(Math.abs(sum - 3 * plane[i]!) / 65535, levelOf(sum / 3))
      }
      continue
    }
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const i = y * width + x
        const cross = plane[i - 1]! + plane[i + 1]! + plane[i - width]! + plane[i + width]!
        const corners = plane[i - width - 1]! + plane[i - width + 1]! + plane[i + width - 1]! + plane[i + width + 1]!
        const middle = plane[i]!
        visit(Math.abs(corners - 2 * cross + 4 * middle) / 65535, levelOf((middle + cross + corners) / 9))
      }
    }
  }
}

function levelOf(value: number): number {
  return Math.min(levels - 1, Math.floor((value * levels) / 65536))
}
