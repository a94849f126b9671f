/** @file The chest in Spanish, as in Spanish report archives: words and grammar of its own, no translation of sentences. */

import type { Random } from '../../core/random.ts'
import { type Language, type Manner, nameOf, say, type Terms, type Weighted } from '../grammar.ts'
import type { Noun } from '../questions.ts'
import { multiples, sided } from './english.ts'
import type { FindingName } from './findings.ts'
import type { Finding, Severity } from './scene.ts'
import { spanishBoilerplates, spanishDenials, spanishDevices, spanishSigns, spanishTerms } from './spanish-words.ts'
import type { Speaker, Spoken } from './speaker.ts'

/** Names of one gender, so that adjectives and articles agree. */
export interface SpanishTerms extends Terms {
  gender: 'm' | 'f'
}

const article = (gender: 'm' | 'f'): string => (gender === 'm' ? 'un' : 'una')

const spanish: Language = {
  affirm: [
    ['Se {is} {item} {at}.', 0.42],
    ['{noun} {at}.', 0.26],
    ['Hay {item} {at}.', 0.12],
    ['{at} se {is} {item}.', 0.1],
    ['Hallazgos: {noun} {at}.', 0.1],
  ],
  doubt: [
    ['Posible {noun} {at}.', 0.5],
    ['Imagen dudosa de {noun} {at}.', 0.25],
    ['No se puede descartar {noun} {at}.', 0.15],
    ['Los hallazgos podrían corresponder a {noun} {at}.', 0.1],
  ],
  deny: [
    ['No se observa {noun}.', 0.45],
    ['Sin {noun}.', 0.25],
    ['No hay {noun}.', 0.2],
    ['Sin evidencia de {noun}.', 0.1],
  ],
  denyTwo: [
    ['No se observa {noun} ni {other}.', 0.6],
    ['Sin {noun} ni {other}.', 0.4],
  ],
  item: ({ noun, article = '' }) => `${article} ${noun}`,
  is: ['observa', 'observan'],
  course: {
    improving: [
      ['{noun} {at} en mejoría.', 0.5],
      ['{noun} {at} que ha disminuido respecto al estudio previo.', 0.5],
    ],
    stable: [
      ['{noun} {at} estable.', 0.5],
      ['{noun} {at} que permanece igual.', 0.5],
    ],
    worsening: [
      ['{noun} {at} en progresión.', 0.5],
      ['{noun} {at} que ha aumentado respecto al estudio previo.', 0.5],
    ],
    new: [
      ['{noun} {at} de nueva aparición.', 0.6],
      ['Aparición de {noun} {at}.', 0.4],
    ],
  },
  doubtCue: /posible|dudosa|no se puede descartar|podrían/i,
  denialCue:
    /(?<!\p{L})(?:no|sin|ni|normal(?:es)?|íntegr[oa]s?|conservad[oa]s?|libres?|limpios|resuelt[oa]|resolución)(?!\p{L})/iu,
  contradiction: /(?<!\p{L})(?:no|sin|ni|resuelt[oa]|resolución)(?!\p{L})/iu,
}

/** Plural of a noun phrase: nouns and adjectives before "de" agree. */
export function spanishPlural(noun: string): string {
  const [head, ...rest] = noun.split(' de ')
  const words = (head as string).split(' ').map((word) => {
    if (/ción$/.test(word)) return `${word.slice(0, -3)}iones`
    return /[aeiou]$/.test(word) ? `${word}s` : `${word}es`
  })
  return [words.join(' '), ...rest].join(' de ')
}

const sideWord = (side: Finding['side'], gender: 'm' | 'f', many: boolean): string | null => {
  if (side === 'none') return null
  if (side === 'bilateral') return many ? 'bilaterales' : 'bilateral'
  const word = (side === 'left' ? 'izquierd' : 'derech') + (gender === 'm' ? 'o' : 'a')
  return many ? `${word}s` : word
}

const sizes: Record<Severity, { m: string; f: string }> = {
  small: { m: 'pequeño', f: 'pequeña' },
  moderate: { m: 'moderado', f: 'moderada' },
  large: { m: 'extenso', f: 'extensa' },
}
const grades: Record<Severity, { m: string; f: string }> = {
  small: { m: 'leve', f: 'leve' },
  moderate: { m: 'moderado', f: 'moderada' },
  large: { m: 'severo', f: 'severa' },
}
const graded: ReadonlySet<FindingName> = new Set(['Cardiomegaly', 'Edema', 'Emphysema', 'Fibrosis', 'Atelectasis'])
const sized: ReadonlySet<FindingName> = new Set(['Pleural Effusion', 'Pneumothorax', 'Hiatal Hernia'])

function termsOf(finding: Finding | FindingName): SpanishTerms {
  if (typeof finding === 'string') return spanishTerms[finding]
  return finding.device === null ? spanishTerms[finding.name] : spanishDevices[finding.device]
}

function whereOf({ name, side, zone }: Finding, stream: Random): string | null {
  if (side === 'none') return null
  const of = side === 'left' ? 'izquierdo' : 'derecho'
  if (side === 'bilateral') return zone === 'lower' && name !== 'Nodule' ? 'ambas bases' : 'ambos pulmones'
  if (!zone) return `pulmón ${of}`
  if (zone === 'mid')
    return side === 'right' ? stream.pick(['lóbulo medio', 'campo medio derecho']) : 'campo medio izquierdo'
  const area = stream.weighted([
    ['lóbulo', 0.7],
    ['campo', 0.3],
  ] as const)
  return `${area} ${zone === 'upper' ? 'superior' : 'inferior'} ${of}`
}

function phrase(finding: Finding, manner: Manner, stream: Random): Spoken {
  const terms = termsOf(finding)
  const base = nameOf(terms, manner, stream)
  const many = finding.parts.length > 1 && multiples.has(finding.name)
  const name = many && !manner.heldOutSynonyms ? spanishPlural(base) : base
  const scale = graded.has(finding.name) ? grades : sized.has(finding.name) ? sizes : null
  const degree = scale !== null && !stream.chance(0.3) ? scale[finding.severity][terms.gender] : null
  const measure = finding.sizeMm !== null && stream.chance(0.6) && !many ? `${finding.sizeMm} mm` : null
  const bare = terms.mass || many
  const count = many && finding.name === 'Nodule' ? String(finding.parts.length) : null
  const side = sided.has(finding.name) ? sideWord(finding.side, terms.gender, many) : null
  const where = sided.has(finding.name) ? null : whereOf(finding, stream)
  const before = degree === sizes.small[terms.gender] ? degree : null
  const after = degree === before ? null : degree
  const words = [count, before, name, side, after, measure === null ? null : `de ${measure}`]
  return {
    noun: words.filter((word) => word !== null).join(' '),
    article: bare ? '' : article(terms.gender),
    place: where === null ? null : /^amb/.test(where) ? `en ${where}` : `en el ${where}`,
    mass: true,
    many,
    name,
    degree,
    measure,
    where: where ?? side,
  }
}

const reasons: Weighted = [
  ['tos', 0.35],
  ['dolor torácico', 0.25],
  ['disnea', 0.15],
  ['valoración preoperatoria', 0.15],
  ['fiebre', 0.1],
]

const levels = { upper: 'superior', mid: 'medio', lower: 'inferior' } as const
const definite = ({ text, gender }: Noun): string => `${gender === 'f' ? 'la' : 'el'} ${text}`

/** Questions and answers in Spanish. */
const spanishQuestions: Speaker['questions'] = {
  yes: 'sí',
  no: 'no',
  presence: ({ text, gender, mass }) => `¿Hay ${mass ? '' : `${article(gender ?? 'm')} `}${text}?`,
  normal: '¿Es normal esta radiografía de tórax?',
  kinds: '¿Cuántos hallazgos distintos hay?',
  side: (noun) => `¿En qué lado está ${definite(noun)}?`,
  onSide: (noun, side) => `¿Está ${definite(noun)} en el lado ${side === 'left' ? 'izquierdo' : 'derecho'}?`,
  place: (noun) => `¿En qué parte del pulmón está ${definite(noun)}?`,
  size: (noun) => `¿Cuántos milímetros mide ${definite(noun)}?`,
  degree: (noun) => `¿Qué grado o tamaño tiene ${definite(noun)}?`,
  count: ({ text, plural, gender }) => `¿${gender === 'f' ? 'Cuántas' : 'Cuántos'} ${plural ?? text} hay?`,
  change: (noun) => `¿Cómo ha cambiado ${definite(noun)} desde el estudio previo?`,
  larger: (a, b) => `¿Es ${definite(a)} mayor que ${definite(b)}?`,
  sides: { left: 'izquierdo', right: 'derecho', bilateral: 'ambos' },
  courses: { improving: 'en mejoría', stable: 'estable', worsening: 'en progresión' },
  view: '¿Qué proyecciones se realizaron?',
  views: ['PA', 'PA y lateral'],
  largerEffusion: '¿Qué derrame pleural es mayor?',
}

export const spanishSpeaker: Speaker = {
  code: 'es',
  language: spanish,
  indication(scene, stream) {
    const fever = scene.findings.some(({ reading }) => reading !== null) && stream.chance(0.6)
    const reason = fever ? stream.pick(['fiebre', 'fiebre y tos']) : say(reasons, stream)
    return `${scene.sex === 'F' ? 'Mujer' : 'Varón'} de ${scene.age} años con ${reason}.`
  },
  comparison: {
    none: [
      ['No hay estudios previos.', 0.7],
      ['Sin estudios previos.', 0.3],
    ],
    prior: [
      ['Radiografía de tórax previa.', 0.7],
      ['Estudio anterior.', 0.3],
    ],
  },
  boilerplates: spanishBoilerplates,
  clearLungs: [
    ['Campos pulmonares libres.', 0.5],
    ['Pulmones limpios.', 0.3],
    ['Parénquima pulmonar de aspecto normal.', 0.2],
  ],
  plainDenials: spanishDenials,
  filler: 'Estudio de calidad adecuada.',
  phrase,
  name: (name, manner, stream) => nameOf(termsOf(name), manner, stream),
  signs: spanishSigns,
  sideAndPlace({ side, zone }) {
    if (side === 'none') return { side: '', at: '' }
    if (side === 'bilateral') return { side: 'ambos lados', at: 'en ambos lados' }
    const of = side === 'left' ? 'izquierdo' : 'derecho'
    const level = zone === null ? '' : { upper: ' superior', mid: ' medio', lower: ' inferior' }[zone]
    return { side: `el lado ${of}`, at: `en el campo${level} ${of}` }
  },
  courseWord: { improving: 'en mejoría', stable: 'estable', worsening: 'en progresión', new: 'de nueva aparición' },
  resolved: [
    ['Resolución de {noun}.', 0.6],
    ['Ya no se observa {noun}.', 0.4],
  ],
  noun: (finding) => {
    const { train, gender, mass = false } = termsOf(finding)
    const text = train[0]?.[0] as string
    return { text, gender, mass, plural: spanishPlural(text) }
  },
  placeOf: (side, zone) => `campo ${levels[zone]} ${side === 'left' ? 'izquierdo' : 'derecho'}`,
  questions: spanishQuestions,
  pneumonia: { said: 'sugestiva de neumonía', name: 'neumonía' },
  advice: {
    Nodule: ['Se recomienda TC de tórax.'],
    Mass: ['Se recomienda TC de tórax con contraste.'],
    Consolidation: ['Se recomienda control radiológico tras el tratamiento.'],
    Pneumothorax: ['Se recomienda control a corto plazo.'],
  },
  normal: [
    ['Radiografía de tórax sin alteraciones significativas.', 0.6],
    ['Sin hallazgos patológicos agudos.', 0.4],
  ],
  asAbove: 'Hallazgos descritos.',
}
