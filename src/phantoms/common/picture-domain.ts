/**
 * @file A domain of greyscale pictures with findings, from its parts: plan, drawing, outlines and words. Each study has one
 * picture a view; all views show the same scene.
 */

import { type Random, random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import type { CommonDials } from '../dials.ts'
import { dicomOf } from '../dicom-pictures.ts'
import type { MadeStudy, MakeOptions } from '../domain.ts'
import { encodePng, quantise } from '../encode.ts'
import type { Points } from '../geometry.ts'
import type { Terms } from '../grammar.ts'
import type { Place } from '../patients.ts'
import { kebab, studyId } from '../person.ts'
import { blur } from '../raster.ts'
import { boxAround, type Canvas, canvasOf, maskOf, type Pose } from './canvas.ts'
import type { Dictation } from './dictate.ts'
import { type FindingSpec, type Planner, planScene, type Scene } from './plan.ts'
import { type PlacedBox, recordScene } from './record.ts'

/** One picture of a study. */
export interface View {
  name: string
  modality: string
  /** File name ending, kebab-case. */
  id: string
}

/** What to leave out or scale when drawing. */
export interface Drawing {
  contrast: number
  noise: number
  /** Findings not drawn (indices). */
  without: ReadonlySet<number>
  stream: Random
}

/** Parts of a domain of pictures. `Anatomy` holds the acquisition too. */
export interface PictureDomain<Name extends string, Anatomy, Shape, Dials extends CommonDials> {
  planner: Planner<Name, Anatomy, Shape, Dials>
  words: Dictation<Name, Anatomy, Shape>
  views(scene: Scene<Name, Anatomy, Shape>): readonly View[]
  pose(scene: Scene<Name, Anatomy, Shape>, view: View): Pose
  /** Greys in [0, 1] before noise; the picture is quantised afterwards. */
  draw(scene: Scene<Name, Anatomy, Shape>, canvas: Canvas, view: View, how: Drawing): Float32Array
  /** Closed curves (mm) of each part of a finding as this view shows it; empty: not to be seen. */
  outlines(scene: Scene<Name, Anatomy, Shape>, finding: number, view: View): readonly (readonly Points[])[]
  /** Findings that move the anatomy around them: their boxes are where one looks, not all that changes. */
  displacing?: ReadonlySet<Name>
  /** Masks of organs in this view. */
  organs?(scene: Scene<Name, Anatomy, Shape>, view: View): readonly { label: string; shapes: readonly Points[] }[]
  /** mm of softness that boxes must still hold. */
  margin: number
  /** Blur of the detector (mm), exposure, noise. */
  detector(scene: Scene<Name, Anatomy, Shape>, view: View): Detector
  /** Whether pictures carry a burned-in corner tag. */
  tag: boolean
  attributes?(scene: Scene<Name, Anatomy, Shape>): Study['attributes']
  /** Fields of the study that are the domain's own. */
  more?(scene: Scene<Name, Anatomy, Shape>, canvas: Canvas): Partial<Study>
}

/** What the machine does to light. */
export interface Detector {
  /** mm. */
  blur: number
  gain: number
  bias: number
  gamma: number
  /** Standard deviation of noise in greys, at the middle of the scale. */
  noise: number
}

/** One rendered picture, greys in [0, 1]. */
export function renderView<Name extends string, Anatomy, Shape, Dials extends CommonDials>(
  domain: PictureDomain<Name, Anatomy, Shape, Dials>,
  scene: Scene<Name, Anatomy, Shape>,
  view: View,
  size: number,
  { contrast = 1, noise = 1, without = [] }: { contrast?: number; noise?: number; without?: readonly number[] } = {},
): Float32Array {
  const canvas = canvasOf(domain.pose(scene, view), size)
  const stream = random(scene.seed, scene.domain, 'noise', scene.index, view.id)
  const grey = domain.draw(scene, canvas, view, { contrast, noise, without: new Set(without), stream })
  const detector = domain.detector(scene, view)
  blur(grey, size, size, detector.blur * canvas.perMm)
  for (let i = 0; i < grey.length; i++) {
    const light = Math.max(0, (grey[i] as number) * detector.gain + detector.bias)
    const grain = noise > 0 ? stream.normal() * detector.noise * noise * (0.4 + light) : 0
    grey[i] = Math.min(1, Math.max(0, light ** detector.gamma + grain))
  }
  if (domain.tag) stamp(grey, size, scene.tag)
  return grey
}

/** Burns a small tag into a corner: a few bars like letters, now and then in a box. */
function stamp(grey: Float32Array, size: number, tag: { x: number; y: number; boxed: boolean; letters: number }): void {
  const unit = size / 96
  const put = (x0: number, y0: number, w: number, h: number): void => {
    for (let y = Math.round(y0); y < Math.round(y0 + h); y++) {
      for (let x = Math.round(x0); x < Math.round(x0 + w); x++) {
        if (x >= 0 && y >= 0 && x < size && y < size) grey[y * size + x] = 0.92
      }
    }
  }
  const [x, y] = [tag.x * size, tag.y * size]
  for (let k = 0; k < tag.letters; k++) {
    put(x + k * 2.4 * unit, y, unit, 3.6 * unit)
    put(x + k * 2.4 * unit, y + (k % 2) * 2.6 * unit, 1.8 * unit, unit)
  }
  if (!tag.boxed) return
  const [left, top, w, h] = [x - 2 * unit, y - 2 * unit, (tag.letters * 2.4 + 3.4) * unit, 7.6 * unit]
  put(left, top, w, unit)
  put(left, top + h - unit, w, unit)
  put(left, top, unit, h)
  put(left + w - unit, top, unit, h)
}

/** Boxes of the drawn findings in all views. */
export function boxesOf<Name extends string, Anatomy, Shape, Dials extends CommonDials>(
  domain: PictureDomain<Name, Anatomy, Shape, Dials>,
  scene: Scene<Name, Anatomy, Shape>,
  size: number,
): PlacedBox[] {
  return domain.views(scene).flatMap((view, image) => {
    const canvas = canvasOf(domain.pose(scene, view), size)
    return scene.findings.flatMap(({ name }, finding) =>
      domain.outlines(scene, finding, view).flatMap((part) => {
        const box = boxAround(canvas, part, domain.margin)
        return box ? [{ image, finding, label: name, box }] : []
      }),
    )
  })
}

/** How one study of the domain is made. */
export function makePictures<Name extends string, Anatomy, Shape, Dials extends CommonDials>(
  domain: PictureDomain<Name, Anatomy, Shape, Dials>,
): (place: Place, options: MakeOptions<Dials>) => Promise<MadeStudy> {
  return async (place, options) => {
    const { dials, size, bits, dicom } = options
    const scene = planScene(domain.planner, options.seed, place, dials)
    const id = studyId(scene.index)
    const views = domain.views(scene)
    const files: { path: string; bytes: Uint8Array }[] = []
    const images: Study['images'] = []
    const side = domain.attributes?.(scene)?.side
    const masks: Study['masks'] = []
    for (const [image, view] of views.entries()) {
      const canvas = canvasOf(domain.pose(scene, view), size)
      const path = `images/${id}${views.length > 1 ? `-${view.id}` : ''}.${dicom ? 'dcm' : 'png'}`
      const mm = Math.round(1e4 / canvas.perMm) / 1e4
      if (options.pictures !== false) {
        const grey = renderView(domain, scene, view, size, { contrast: dials.contrast, noise: dials.noise })
        const { name, modality } = view
        const about = { domain: scene.domain, person: scene, picture: grey, size, modality, view: name, place: image }
        const bytes = dicom
          ? dicomOf({ ...about, spacing: mm, side })
          : await encodePng(quantise(grey, bits), size, size)
        files.push({ path, bytes })
      }
      images.push({ path, view: view.name, modality: view.modality, spacing: [mm, mm] })
      if (!options.masks) continue
      for (const { label, shapes } of masksIn(domain, scene, view)) {
        const file = `masks/${id}${views.length > 1 ? `-${view.id}` : ''}-${kebab(label)}.png`
        masks.push({ image, label, path: file })
        files.push({ path: file, bytes: await encodePng(maskOf(canvas, shapes), size, size) })
      }
    }
    const more = domain.more?.(scene, canvasOf(domain.pose(scene, views[0] as View), size)) ?? {}
    const attributes = {
      ...(domain.tag ? { cue: scene.tag.boxed } : {}),
      ...domain.attributes?.(scene),
      ...more.attributes,
    }
    const boxes = boxesOf(domain, scene, size)
    const study = recordScene(domain.planner, domain.words, scene, options, boxes, {
      ...more,
      images,
      masks,
      attributes,
    })
    return { study, files }
  }
}

/** Organs, then each finding that the view shows. */
function masksIn<Name extends string, Anatomy, Shape, Dials extends CommonDials>(
  domain: PictureDomain<Name, Anatomy, Shape, Dials>,
  scene: Scene<Name, Anatomy, Shape>,
  view: View,
): { label: string; shapes: readonly Points[] }[] {
  const found = scene.findings.flatMap(({ name }, finding) => {
    const shapes = domain.outlines(scene, finding, view).flat()
    return shapes.length > 0 ? [{ label: name, shapes }] : []
  })
  return [...(domain.organs?.(scene, view) ?? []), ...found]
}

/** The fields of a domain that follow from its specs. */
export function fieldsOf<Name extends string>(
  specs: readonly FindingSpec<Name>[],
): {
  findings: Name[]
  smallFindings: Name[]
  words: Record<string, Terms[]>
} {
  return {
    findings: specs.map(({ name }) => name),
    smallFindings: specs.filter(({ small }) => small).map(({ name }) => name),
    words: Object.fromEntries(specs.map(({ name, terms }) => [name, [terms]])),
  }
}
