/** @file Draws the scene of a study: patient, anatomy, acquisition, findings, and what will be said about them. */

import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { splitOf, visitOf } from '../patients.ts'
import { stateAt } from './course.ts'
import { type Dials, type DialsInput, dialsOf } from './dials.ts'
import { chronicFindings, type FindingName, findings } from './findings.ts'
import { mentionsOf } from './mentions.ts'
import { partsOf } from './parts.ts'
import type { Acquisition, Anatomy, Scene } from './scene.ts'

/** What a scene depends on besides (seed, index). */
export interface SceneOptions {
  dials?: DialsInput
  /** Default: by patient, 80/5/15. Only the shortcut dial makes the scene depend on it. */
  split?: Split
}

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleScene(seed: number, index: number, options: SceneOptions = {}): Scene {
  const dials = dialsOf(options.dials)
  const visit = visitOf(seed, index)
  const person = random(seed, 'patient', visit.key)
  const study = random(seed, 'study', index)
  const split = options.split ?? splitOf(seed, index)

  const sex: 'F' | 'M' = person.chance(0.5) ? 'F' : 'M'
  const age = Math.round(Math.min(94, Math.max(18, person.normal(58, 17)))) + Math.floor(visit.visit / 2)
  const { present, resolved } = stateAt(seed, visit, dials)
  const anatomy = sampleAnatomy(person, study, sex, age, new Set(present.keys()), dials)
  const scene: Scene = {
    version: 1,
    domain: 'chest-xray',
    seed,
    index,
    patient: visit.patient,
    visit: visit.visit,
    split,
    age,
    sex,
    anatomy,
    acquisition: { ...sampleAcquisition(study, dials), lateral: lateralOf(random(seed, 'lateral', index), dials) },
    findings: [],
    resolved,
    mentions: [],
    boilerplate: false,
    unnamed: split === 'test' || dials.heldOutFinding === 'none' ? null : dials.heldOutFinding,
  }
  for (const name of findings) {
    const course = present.get(name)
    if (!course) continue
    // A finding keeps its place from study to study.
    const stream = chronicFindings.has(name)
      ? random(seed, 'chronic', visit.key, name)
      : random(seed, 'finding', course.onset, name)
    scene.findings.push(partsOf(scene, name, stream, course))
  }
  const said = mentionsOf(scene, dials, random(seed, 'words', index))
  scene.mentions = said.mentions
  scene.findings = said.findings
  scene.boilerplate = said.boilerplate
  placeShortcut(scene, dials, random(seed, 'marker', index))
  return scene
}

function sampleAnatomy(
  person: Random,
  study: Random,
  sex: 'F' | 'M',
  age: number,
  present: ReadonlySet<FindingName>,
  dials: Dials,
): Anatomy {
  const emphysema = present.has('Emphysema')
  const size = sex === 'M' ? 1.03 : 0.96
  const halfWidth = 136 * size * (1 + person.normal(0, 0.035)) * (emphysema ? 0.98 : 1)
  const height = size * (1 + person.normal(0, 0.03)) * (emphysema ? 1.07 : 1)
  const inspiration = study.normal(0, 10) * dials.nuisance
  const rightDome = 76 * height + inspiration + person.normal(0, 5) + (emphysema ? 18 : 0)
  const fibrosis = present.has('Fibrosis') ? -6 : 0
  const heartLot = person.uniform()
  return {
    halfWidth,
    height,
    rightDome: rightDome + fibrosis,
    leftDome: rightDome + fibrosis + person.normal(11, 4),
    inspiration,
    domeHeight: emphysema ? person.uniform(6, 11) : Math.max(24, person.normal(37, 5)),
    cardiothoracicRatio: present.has('Cardiomegaly')
      ? 0.56 + 0.12 * heartLot
      : (emphysema ? 0.36 : 0.395) + (0.075 + 0.0004 * (age - 50)) * heartLot,
    mediastinum: present.has('Enlarged Mediastinum') ? person.uniform(44, 58) : person.uniform(24, 30),
    aorticKnob: 12 + 8 * Math.min(1, Math.max(0, (age - 30) / 50)) + person.normal(0, 2),
    fat: Math.max(0, person.normal(12, 9)),
    breast: sex === 'F' ? Math.max(0.3, person.normal(0.9, 0.25)) : 0,
    ribSpacing: 20.6 * height * (emphysema ? 1.04 : 1),
    ribContrast: Math.max(0.45, person.normal(0.85, 0.16)),
    vesselContrast: Math.max(0.3, person.normal(0.9, 0.15)) * (present.has('Edema') ? 1.5 : 1) * (emphysema ? 0.35 : 1),
    air: (1 + person.normal(0, 0.05)) * (emphysema ? 1.2 : 1),
    seed: person.int(2 ** 31),
  }
}

/** How the lateral picture is taken: a stream of its own, so that the PA picture is the same with and without it. */
function lateralOf(stream: Random, dials: Dials): Acquisition['lateral'] {
  if (dials.views === 'PA') return null
  const n = dials.nuisance
  return {
    field: 330 * (1 + stream.normal(0, 0.05) * n),
    roll: stream.normal(0, 0.05) * n,
    shift: [stream.normal(0, 9) * n, 2 + stream.normal(0, 10) * n],
  }
}

function sampleAcquisition(study: Random, dials: Dials): Omit<Acquisition, 'lateral'> {
  const n = dials.nuisance
  const edge = (): number => (study.chance(0.35) ? study.uniform(0.005, 0.05) * n : 0)
  return {
    view: 'PA',
    field: 340 * (1 + study.normal(0, 0.06) * n),
    roll: study.normal(0, 0.05) * n,
    shift: [study.normal(0, 10) * n, 2 + study.normal(0, 11) * n],
    yaw: study.normal(0, 5) * n,
    centre: 1.33 + study.normal(0, 0.13) * n,
    width: Math.exp(Math.log(1.95) + study.normal(0, 0.16) * n),
    gamma: Math.exp(study.normal(0, 0.16) * n),
    blur: study.uniform(0.3, 0.9),
    photons: Math.exp(study.normal(Math.log(2500), 0.45)),
    collimation: [edge(), edge(), edge(), edge()],
    marker: { letter: study.chance(0.5) ? 'L' : 'R', boxed: false, x: 0, y: 0, size: study.uniform(0.045, 0.065) },
    buttons: study.chance(0.06)
      ? Array.from({ length: 1 + study.int(3) }, () => ({
          x: study.uniform(-110, 110),
          y: study.uniform(-100, 120),
          radius: study.uniform(3.5, 5),
        }))
      : [],
    monochrome1: study.chance(0.1),
  }
}

/** Places the side marker; with the shortcut dial its box goes with a finding, in train only. */
function placeShortcut(scene: Scene, dials: Dials, stream: Random): void {
  const { marker } = scene.acquisition
  const side = marker.letter === 'L' ? 1 : -1
  marker.x = 0.5 + side * stream.uniform(0.36, 0.44)
  marker.y = stream.uniform(0.05, 0.14)
  const boxed = stream.chance(0.5)
  const told = stream.chance(dials.shortcut) && scene.split === 'train'
  marker.boxed = told ? scene.findings.some((finding) => finding.name === dials.shortcutFinding) : boxed
}
