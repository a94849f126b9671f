/** @file Phantoms: procedural image-text data with known truth. */

export {
  abdomenFindings,
  arrival as abdomenArrival,
  labelSets as abdomenLabelSets,
  organs as abdomenOrgans,
} from './abdomen/scene.ts'
export { type CardOptions, cardIndex, cardOf, dialRows } from './card.ts'
export { type Annotation, annotate, type FindingBox, type LabelMask } from './chest/annotate.ts'
export { type Description, describe, type Sentence, type Voice } from './chest/describe.ts'
export { type Dials, type DialsInput, dialsOf, dialsSchema } from './chest/dials.ts'
export { type FindingName, findings, smallFindings } from './chest/findings.ts'
export { type Picture, type RenderOptions, render } from './chest/render.ts'
export { type SceneOptions, sampleScene } from './chest/sample.ts'
export type { Finding, Mention, Part, Scene } from './chest/scene.ts'
export { type StudyOptions, studyOf, studyOfScene } from './chest/study.ts'
export { deviceTerms, terms } from './chest/vocabulary.ts'
export { type ContactSheetOptions, contactSheet, contactSheetOfFolder } from './contact-sheet.ts'
export { encodeDicom } from './dicom-write.ts'
export { diseases, type Organ, organs } from './diseases.ts'
export type { DialEffect, DomainCard, MadeStudy, MakeOptions, PhantomDomain } from './domain.ts'
export { domainOf, listDomains } from './domains.ts'
export { encodePng, encodeRgbPng, quantise } from './encode.ts'
export { fingerprint, firstStudies, makeOptions } from './fingerprint.ts'
export { type Generated, type GenerateOptions, generate, generateSchema } from './generate.ts'
export { english, type Language, type Terms, type Weighted } from './grammar.ts'
export type { ClassificationLines, Line, PairsLine, ReferenceLines, SegmentationLines } from './lines.ts'
export { bars, misses, tellsTooMuch } from './lines.ts'
