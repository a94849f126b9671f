/** @file Spanish words of the chest phantom, in the same pools as vocabulary.ts. */

import { longTail, type Weighted } from '../grammar.ts'
import type { FindingName } from './findings.ts'
import type { Finding } from './scene.ts'
import type { SpanishTerms } from './spanish.ts'
import type { Boilerplate } from './speaker.ts'

const noun = (gender: 'm' | 'f', train: readonly string[], heldOut: readonly string[], mass = false): SpanishTerms => ({
  gender,
  train: longTail(...train),
  heldOut,
  mass,
})

/** The names of each finding. No name of one finding occurs inside a name of another. */
export const spanishTerms: Record<FindingName, SpanishTerms> = {
  Nodule: noun('m', ['nódulo pulmonar', 'nódulo'], ['foco redondeado pequeño']),
  Mass: noun('f', ['masa', 'masa pulmonar', 'tumoración'], ['gran lesión redondeada']),
  Consolidation: noun('f', ['consolidación', 'condensación', 'opacidad alveolar'], ['ocupación alveolar']),
  Atelectasis: noun('f', ['atelectasia', 'atelectasia laminar', 'atelectasia subsegmentaria'], ['pérdida de volumen']),
  'Pleural Effusion': noun('m', ['derrame pleural', 'derrame'], ['hidrotórax']),
  Pneumothorax: noun('m', ['neumotórax', 'neumotórax apical'], ['aire en el espacio pleural']),
  Cardiomegaly: noun('f', ['cardiomegalia', 'silueta cardíaca aumentada'], ['dilatación cardíaca'], true),
  'Enlarged Mediastinum': noun(
    'm',
    ['ensanchamiento mediastínico', 'mediastino ensanchado'],
    ['contorno mediastínico amplio'],
  ),
  Edema: noun('m', ['edema pulmonar', 'edema intersticial', 'edema'], ['exceso de líquido intersticial'], true),
  Emphysema: noun('m', ['enfisema', 'enfisema pulmonar'], ['atrapamiento aéreo'], true),
  Fibrosis: noun('f', ['fibrosis', 'fibrosis pulmonar'], ['cicatrización intersticial'], true),
  'Pleural Plaque': noun('f', ['placa pleural', 'placa pleural calcificada'], ['lámina calcificada de la pleura']),
  'Rib Fracture': noun('f', ['fractura costal', 'fractura de costilla'], ['rotura de un arco óseo']),
  'Hiatal Hernia': noun('f', ['hernia de hiato', 'hernia hiatal'], ['bolsa gástrica retrocardíaca']),
  'Support Devices': noun('m', ['dispositivo de soporte', 'dispositivo'], ['material protésico']),
}

export const spanishDevices: Record<NonNullable<Finding['device']>, SpanishTerms> = {
  pacemaker: noun('m', ['marcapasos', 'generador de marcapasos'], ['estimulador cardíaco implantado']),
  'endotracheal tube': noun('m', ['tubo endotraqueal'], ['tubo de intubación']),
  'central line': noun('m', ['catéter venoso central', 'catéter central'], ['acceso yugular']),
  'nasogastric tube': noun('f', ['sonda nasogástrica'], ['sonda de alimentación']),
  'chest tube': noun('m', ['tubo de tórax', 'drenaje torácico'], ['drenaje pleural']),
}

export const spanishDenials: Partial<Record<FindingName, Weighted>> = {
  Cardiomegaly: longTail('Silueta cardíaca de tamaño normal.', 'Índice cardiotorácico normal.'),
  'Enlarged Mediastinum': longTail('Mediastino de aspecto normal.', 'Contornos mediastínicos conservados.'),
  'Rib Fracture': longTail('Estructuras óseas íntegras.', 'Marco óseo conservado.'),
}

export const spanishBoilerplates: readonly Boilerplate[] = [
  {
    weight: 0.6,
    sentences: [
      ['Campos pulmonares libres.', []],
      ['No se observa derrame pleural ni neumotórax.', ['Pleural Effusion', 'Pneumothorax']],
      ['Silueta cardíaca de tamaño normal.', ['Cardiomegaly']],
    ],
    impression: 'Radiografía de tórax sin alteraciones significativas.',
  },
  {
    weight: 0.4,
    sentences: [
      ['Silueta cardíaca de tamaño normal.', ['Cardiomegaly']],
      ['Pulmones limpios.', []],
      ['Sin neumotórax ni derrame pleural.', ['Pneumothorax', 'Pleural Effusion']],
    ],
    impression: 'Sin hallazgos patológicos agudos.',
  },
]

export const spanishSigns: Record<FindingName, Weighted> = {
  Nodule: longTail('Mancha blanca redonda de bordes definidos {at}.'),
  Mass: longTail('Gran área blanca redonda de borde irregular {at}.'),
  Consolidation: longTail('Área blanca densa que borra los vasos {at}.'),
  Atelectasis: longTail('Banda blanca fina {at}.'),
  'Pleural Effusion': longTail('Sombra blanca basal de borde superior curvo en {side}.'),
  Pneumothorax: longTail('Zona oscura y una línea blanca fina en el ápex de {side}.'),
  Cardiomegaly: longTail('El corazón ocupa más de la mitad del tórax.'),
  'Enlarged Mediastinum': longTail('La sombra central es más ancha de lo esperado.'),
  Edema: longTail('Velo blanquecino que se extiende desde ambos hilios.'),
  Emphysema: longTail('Pulmones grandes y oscuros con cúpulas planas.'),
  Fibrosis: longTail('Red de líneas finas en ambas bases.'),
  'Pleural Plaque': longTail('Línea muy brillante junto a la pared en {side}.'),
  'Rib Fracture': longTail('Escalón en el contorno de un arco óseo en {side}.'),
  'Hiatal Hernia': longTail('Sombra redonda con nivel hidroaéreo detrás del corazón.'),
  'Support Devices': longTail('Objeto metálico proyectado sobre el tórax.'),
}
