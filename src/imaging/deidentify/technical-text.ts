/**
 * @file Text that table E.1-1 does not name: codes, kernels, sequence names, makers. The table leaves it as it is; here it
 * stays only where it has the form of what should be there, because nothing keeps a person's name out of a free field.
 */

import { cleanText, isAllowedWord } from './vocabulary.ts'

const schemes = new Set(
  'DCM SRT SCT SNM3 99SDM LN UCUM FMA RADLEX NCIT UMLS MDC I10 I9C I9 ICD10 BI ACR UBERON BARI ISO639_1 ISO3166_1 PUBCHEM_CID CTV3 NYUMCCG MSH RFC5646'.split(
    ' ',
  ),
)
const units = new Set(
  "1 mm mm2 mm3 cm cm2 cm3 m m2 g mg ug kg l ml ul s ms us min h d wk mo a Hz kHz MHz deg rad % {ratio} [hnsf'U] Pa kPa mm[Hg] Cel mV uV V A mA kV keV MeV Gy mGy cGy Bq MBq Bq/ml g/ml /min /s {H.B.}/min {pixels} {counts} {none} UNK T mT/m dB ppm J W mm/s cm/s m/s ml/min l/min mg/dl mmol/l mas uA.s dGy.m2 Gy.m2 mGy.cm s/mm2 mm2/s um2/s".split(
    ' ',
  ),
)
const makers = new Set(
  'SIEMENS HEALTHINEERS GE GEMS MEDICAL SYSTEMS PHILIPS HEALTHCARE TOSHIBA CANON CANON_MEC HITACHI FUJIFILM FUJI AGFA GEVAERT AGFA-GEVAERT KODAK CARESTREAM HOLOGIC LORAD SAMSUNG ELECTRONICS MINDRAY SHIMADZU KONICA MINOLTA VARIAN ELEKTA HAMAMATSU LEICA ROCHE VENTANA 3DHISTECH ESAOTE BRUKER UIH IMAGING UNITED NEUSOFT PLANMECA SIRONA ACUSON PICKER ELSCINT MARCONI INTERNATIONAL CORPORATION CORP INC LTD CO GMBH AG SA THE PHANTOM VESALIUS'.split(
    ' ',
  ),
)
const codeLike = /^[A-Za-z]{0,2}-?[A-Za-z]?\d[\dA-Za-z.-]{0,14}$/
const technicalToken = /^[*+_]?(?=[^\d]*\d)[A-Za-z]{0,6}[\d_.*+-]{1,6}[A-Za-z]{0,3}[\d_.]{0,4}[a-z]{0,2}\d{0,2}$/

/** Technical names: kernels, pulse sequences, coils, filters, software versions. */
const technical = new Set([
  0x00180024, 0x00181160, 0x00181210, 0x00181250, 0x00181251, 0x00189005, 0x00180022, 0x00181261, 0x00280400,
])

function words(text: string, may: (word: string) => boolean): string {
  return text
    .split(' ')
    .filter((word) => word !== '' && (isAllowedWord(word) || may(word)))
    .join(' ')
}

/** One value of an attribute that the table does not name, without what should not be there; '' when nothing stays. */
export function plainText(tag: number, value: string): string {
  const text = value.replace(/\0/g, '').trim()
  switch (tag) {
    case 0x00080100: // Code Value
    case 0x00080119: // Long Code Value
      return codeLike.test(text) || units.has(text) || isAllowedWord(text) ? text : ''
    case 0x00080102: // Coding Scheme Designator
      return schemes.has(text.toUpperCase()) ? text : ''
    case 0x00080103: // Coding Scheme Version
      return /^\d{1,8}(?:\.\d{1,3})?$/.test(text) ? text : ''
    case 0x00080201: // Timezone Offset From UTC
      return /^[+-]\d{4}$/.test(text) ? text : ''
    case 0x00280015:
    case 0x00281054: // Rescale Type
    case 0x00283004: // Modality LUT Type
      return /^(?:HU|US|OD|PCT|Z_EFF|ED|EDW|MGML|HU_MOD|BQML|CNTS|PROPCNTS|GML|NONE|CM2ML|1CM|CPS)$/.test(text)
        ? text
        : ''
    case 0x00080070: // Manufacturer
    case 0x00081090: // Manufacturer's Model Name
      return words(text, (word) => makers.has(word.toUpperCase().replace(/[.,]/g, '')) || technicalToken.test(word))
    default:
      return technical.has(tag) ? words(text, (word) => technicalToken.test(word)) : cleanText(text)
  }
}
