/** @file The scene of one chest study: everything that is there and everything that will be said, as a plain record. */

import type { Split } from '../../data/study.ts'
import type { FindingName } from './findings.ts'

/** -1 the patient's right (left of the image), 1 the patient's left. */
export type Side = -1 | 1

/** Where a local finding sits: `u` from medial (0) to lateral (1), `v` from apex (0) to base (1) of its lung. */
export interface Part {
  side: Side
  u: number
  v: number
  /** Largest extent in mm: diameter, length, depth of the air gap, ... as the kind needs. */
  size: number
  /** Radians, kind-specific. */
  angle: number
  /** Second extent: thickness, rib number, device kind; kind-specific. */
  extra: number
  /** Stream of the part's outline. */
  seed: number
}

export type Severity = 'small' | 'moderate' | 'large'
export type Zone = 'upper' | 'mid' | 'lower'
/** Course since the study before. */
export type Change = 'improving' | 'stable' | 'worsening'

/** One finding with the attributes that words may use and the geometry that the picture uses. */
export interface Finding {
  name: FindingName
  side: 'left' | 'right' | 'bilateral' | 'none'
  zone: Zone | null
  severity: Severity
  /** mm, rounded as it is dictated; null where no one measures. */
  sizeMm: number | null
  /** Contrast factor: 1 drawn in full, below 0.5 faint. */
  strength: number
  /** Devices: which. */
  device: 'pacemaker' | 'endotracheal tube' | 'central line' | 'nasogastric tube' | 'chest tube' | null
  parts: Part[]
  /** Course since the study before; `new` if it was not there; null in a first study. */
  change: Change | 'new' | null
  /** What a reader concludes from a consolidation with fever. */
  reading: 'pneumonia' | null
}

/** What the report says about one finding. */
export interface Mention {
  name: FindingName
  polarity: 1 | 0 | -1
  /** Attributes of the words; null for a denial. */
  about: Finding | null
  /** Index into `findings`, null when nothing is drawn. */
  finding: number | null
  /** True when the report is wrong on purpose (label noise). */
  wrong: boolean
  /** Denied because it has gone since the study before. */
  resolved: boolean
}

export interface Anatomy {
  /** Inner half width of the thorax, mm. */
  halfWidth: number
  /** Height factor of the rib cage. */
  height: number
  /** Base of the right and left dome, mm below the thoracic centre, and height of the domes over the angles. */
  rightDome: number
  leftDome: number
  domeHeight: number
  /** mm by which the domes stand lower than in usual inspiration; changes from study to study. */
  inspiration: number
  cardiothoracicRatio: number
  /** Half width of the upper mediastinum, mm. */
  mediastinum: number
  aorticKnob: number
  /** mm of fat around the torso. */
  fat: number
  /** 0 none; else the size of the breast shadow. */
  breast: number
  ribSpacing: number
  ribContrast: number
  vesselContrast: number
  /** Air in the lungs, relative. */
  air: number
  /** Stream of branching vessels and small wobbles. */
  seed: number
}

export interface Acquisition {
  view: 'PA'
  /** Width of the field, mm. */
  field: number
  /** Radians, clockwise in the image. */
  roll: number
  shift: [number, number]
  /** mm by which front structures move sideways when the patient is turned. */
  yaw: number
  /** Window over attenuation: centre, width, and the power applied after. */
  centre: number
  width: number
  gamma: number
  /** Blur of the detector, mm. */
  blur: number
  /** Photons a pixel at zero attenuation. */
  photons: number
  /** Shares of the picture cut at left, top, right, bottom. */
  collimation: [number, number, number, number]
  marker: { letter: 'L' | 'R'; boxed: boolean; x: number; y: number; size: number }
  /** Electrodes and other small objects on the skin (not a finding): mm in the body frame. */
  buttons: { x: number; y: number; radius: number }[]
  /** Pose of the lateral picture; null if none is taken. */
  lateral: { field: number; roll: number; shift: [number, number] } | null
  monochrome1: boolean
}

export interface Scene {
  version: 1
  domain: 'chest-xray'
  seed: number
  index: number
  patient: string
  /** 0 for the first study of the patient. */
  visit: number
  split: Split
  age: number
  sex: 'F' | 'M'
  anatomy: Anatomy
  acquisition: Acquisition
  findings: Finding[]
  /** Findings of the study before that have gone. */
  resolved: FindingName[]
  mentions: Mention[]
  /** A normal report taken from a fixed text. */
  boilerplate: boolean
  /** A finding that this report may describe but not name. */
  unnamed: FindingName | null
}
