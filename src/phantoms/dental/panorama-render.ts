/** @file Draws a dental panorama: jaws, teeth with roots, sinuses, canal, spine shadow. mm: the picture's middle at (0, 0), y down. */

import { addTo, type Canvas, cover, fieldOf, fill, sum } from '../common/canvas.ts'
import type { Drawing } from '../common/picture-domain.ts'
import { ellipse, mirror, type Points, ribbon, smoothClosed, smoothPath } from '../geometry.ts'
import { texture } from '../noise.ts'
import type { PanoramaScene } from './panorama-scene.ts'
import { crownOf, lying, panoramaOutlines, rootsOf, seated, standing, type Tooth, toothOf } from './panorama-teeth.ts'

/** The lower jaw. */
export function mandible({ anatomy: { scale: s, smile } }: PanoramaScene): Points {
  const half: Points = [
    ...[
      0,
      38,
      30,
      36 - smile * 0.3,
      52,
      28 - smile,
      66,
      10 - smile,
      70,
      -22,
      74,
      -46,
      70,
      -50,
      65,
      -44,
      61,
      -30,
      57,
      -26,
    ],
    ...[54, -38, 50, -36, 50, -14, 44, 8 - smile * 0.6, 26, 10 - smile * 0.2, 0, 11],
  ]
  const right: Points = []
  for (let i = half.length - 2; i >= 0; i -= 2) right.push(-(half[i] as number), half[i + 1] as number)
  return smoothClosed(
    [...half, ...right].map((v) => v * s),
    4,
  )
}

/** The bone that carries the upper teeth. */
function maxilla({ anatomy: { scale: s, smile } }: PanoramaScene): Points {
  return smoothClosed(
    [
      -52,
      -14 - smile,
      -30,
      -11 - smile * 0.2,
      0,
      -10,
      30,
      -11 - smile * 0.2,
      52,
      -14 - smile,
      54,
      -34,
      30,
      -38,
      0,
      -40,
      -30,
      -38,
      -54,
      -34,
    ].map((v) => v * s),
    4,
  )
}

/** Greys in [0, 1]. */
export function drawPanorama(scene: PanoramaScene, canvas: Canvas, { contrast, without }: Drawing): Float32Array {
  const { seed, scale: s } = scene.anatomy
  const cloud = texture(seed, 'cloud', 26)
  const trabeculae = texture(seed, 'trabeculae', 2.6)
  const t = fill(
    canvas,
    (x, y) =>
      0.3 +
      0.05 * cloud(x, y) -
      0.12 * Math.abs(y / 60) ** 3 +
      0.25 * Math.exp(-((x / 15) ** 2)) * (0.6 + 0.4 * Math.min(1, Math.abs(y) / 30)),
  )
  const grain = fill(canvas, (x, y) => 1 + 0.17 * trabeculae(x, y))
  const jaw = mandible(scene)
  for (const bone of [cover(canvas, [jaw], 0.9), cover(canvas, [maxilla(scene)], 2.2)])
    for (let i = 0; i < t.length; i++) t[i] = (t[i] as number) + 0.36 * (bone[i] as number) * (grain[i] as number)
  addTo(t, cover(canvas, [ribbon([...jaw, ...jaw.slice(0, 2)], 2.4)], 0.7), 0.2)
  // Air: sinuses above the upper molars, between the lips, under the palate.
  const sinus = smoothClosed(
    [16, -36, 24, -30, 44, -31, 50, -44, 34, -56, 18, -50].map((v) => v * s),
    4,
  )
  addTo(t, cover(canvas, [sinus, mirror(sinus)], 1.2), -0.27)
  addTo(
    t,
    cover(
      canvas,
      [ribbon([...sinus, ...sinus.slice(0, 2)], 1.2), ribbon(mirror([...sinus, ...sinus.slice(0, 2)]), 1.2)],
      0.4,
    ),
    0.14,
  )
  addTo(t, cover(canvas, [ellipse(0, -48, 11, 12, 0, 20)], 2), -0.2)
  // The canal of the nerve in the lower jaw.
  const canal = smoothPath(
    [62, -16, 54, 6, 42, 18, 26, 23].map((v) => v * s),
    6,
  )
  addTo(t, cover(canvas, [ribbon(canal, 2.6), ribbon(mirror(canal), 2.6)], 0.5), -0.1)
  addTo(
    t,
    cover(
      canvas,
      [
        ribbon(
          smoothPath(
            [-46, -30, -20, -27, 0, -28, 20, -27, 46, -30].map((v) => v * s),
            5,
          ),
          2.2,
        ),
      ],
      0.8,
    ),
    0.14,
  )

  const draw = (teeth: readonly Tooth[], k: number): void => {
    const all = (curves: (tooth: Tooth) => Points[]): Points[] =>
      teeth.flatMap((tooth) => curves(tooth).map((points) => seated(tooth, points)))
    const roots = all(rootsOf)
    const rims = roots.map((root) => ribbon([...root, ...root.slice(0, 2)], 1.3))
    addTo(t, cover(canvas, rims, 0.4), -0.1 * k)
    addTo(t, cover(canvas, roots, 0.35), 0.3 * k)
    // Crowns that overlap in the ray are brighter there.
    const crowns = all((tooth) => [crownOf(tooth)])
    addTo(t, sum(canvas, crowns, 0.35), 0.55 * k)
    const pulps = all(({ width: w, crown: c, root: r, roots: count }) => [
      ellipse(0, c * 0.7, w * 0.16, c * 0.28, 0, 10),
      ...(count === 1 ? [ribbon([0, c * 0.8, 0, c + r * 0.85], 1.1, 0.6)] : []),
    ])
    addTo(t, cover(canvas, pulps, 0.4), -0.2 * k)
  }
  draw(standing(scene, without), 1)
  scene.findings.forEach(({ name, shape, strength }, index) => {
    if (without.has(index)) return
    const k = strength * contrast
    const curves = panoramaOutlines(scene, index).flat()
    if (name === 'Filling') addTo(t, cover(canvas, curves, 0.2), 0.9 * k)
    if (name === 'Caries') addTo(t, cover(canvas, curves, 0.5), -0.55 * k)
    if (name === 'Periapical Lesion') addTo(t, cover(canvas, curves, 0.8), -0.36 * k)
    if (name === 'Impacted Wisdom Tooth') draw([lying(scene, shape)], Math.min(1.1, k))
    if (name === 'Implant') {
      const [screw, crown] = curves as [Points, Points]
      addTo(t, cover(canvas, [screw], 0.2), 1 * k)
      addTo(t, cover(canvas, [crown], 0.3), 0.75 * k)
    }
    if (name === 'Missing Tooth' && strength > 0.5 && contrast < 1) draw([toothOf(scene, shape)], 1 - contrast)
  })
  const out = fieldOf(canvas)
  for (let i = 0; i < out.length; i++) out[i] = 1 - Math.exp(-1.25 * Math.max(0, t[i] as number))
  return out
}
