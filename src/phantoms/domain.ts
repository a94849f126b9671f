/**
 * @file The contract of a phantom domain: one declaration from which come the command line, the checks of dials, the data
 * folder, the contact sheet and the card. A new domain is one file (or folder) with one of these, and a line in domains.ts.
 */

import type { z } from 'zod'
import type { Study } from '../data/study.ts'
import type { Bits } from './encode.ts'
import type { Terms } from './grammar.ts'
import type { Place } from './patients.ts'

/** How studies are made and written; the same in every worker. */
export interface MakeOptions<Dials = Readonly<Record<string, unknown>>> {
  seed: number
  /** Side of pictures in pixels (of volumes: see the domain). Shapes are vectors: any size shows the same scene. */
  size: number
  bits: Bits
  masks: boolean
  /** DICOM files where the domain can write them. */
  dicom: boolean
  dials: Dials
  /** False: the record alone; no picture is drawn and no file made. Default true. */
  pictures?: boolean
  /** Speak with the words held out of ordinary reports. */
  heldOutSynonyms: boolean
  /** One of the domain's voices. */
  voice: string
}

/** One study: its record and the files that it names, all inside the data folder. */
export interface MadeStudy {
  study: Study
  files: readonly { path: string; bytes: Uint8Array }[]
  /** A PNG for the contact sheet, where the first image is no PNG (volumes, signals) or says too little alone. */
  preview?: () => Promise<Buffer>
}

/** What a reader of the card wants to know; the dials are described by their schema. */
export interface DomainCard {
  /** What is drawn, in one or two sentences. */
  scene: string
  /** What makes it hard, a line each. */
  hard: readonly string[]
  /** Which truth comes with a study, a line each. */
  truth: readonly string[]
  /** Names of the systems of the survey that need this domain. */
  systems: readonly string[]
}

/** What a dial does, as a number: the card prints it and a test measures it. */
export interface DialEffect {
  /** Settings, in the order in which the measure grows. */
  values: readonly unknown[]
  /** What is measured: "share of studies without finding". */
  what: string
  /** The measure of some studies; `first` are the same studies made with the first of the values. */
  measure(made: readonly MadeStudy[], first: readonly MadeStudy[]): number | Promise<number>
  /** Other dials during the measurement, so that a rare case is met often enough. */
  dials?: Readonly<Record<string, unknown>>
  /** Studies a setting. Default 60. */
  studies?: number
  /** Only records are measured: no picture need be drawn. */
  records?: boolean
  /** Side of the pictures. Default: the least. */
  size?: number
}

export interface PhantomDomain<Schema extends z.ZodObject = z.ZodObject> {
  /** Kebab-case; `study.domain`. */
  id: string
  name: string
  /** Label keys; what the supervised reference line learns. Empty where there is nothing to classify. */
  findings: readonly string[]
  /** Those that a linear model on coarse pixels must not see. */
  smallFindings: readonly string[]
  /** Strict object; every dial has a moderate default and a description of what it does. */
  dials: Schema
  /** How a scene can be described; the first is the default ('report', 'caption', 'es' ...). */
  voices: readonly [string, ...string[]]
  size: { least: number; most: number; default: number }
  /** Whether its pictures can be written as DICOM files. */
  dicom?: boolean
  /** Makes one study: a pure function of its arguments, in any worker, in any order. */
  make(place: Place, options: MakeOptions<z.output<Schema>>): Promise<MadeStudy>
  /** Every name that words use for a finding: what a reader of the reports must know. */
  words?: Readonly<Record<string, readonly Terms[]>>
  /** What each dial does, one entry a dial. */
  effects?: Readonly<Record<string, DialEffect>>
  card: DomainCard
}

/** Declares a domain; the type of its dials is found from their schema. */
export function phantomDomain<Schema extends z.ZodObject>(declaration: PhantomDomain<Schema>): PhantomDomain<Schema> {
  return declaration
}
