/**
 * @file What PS3.15 Annex E asks for an attribute: the action codes of table E.1-1, narrowed by the options that were
 * chosen and, where the table leaves a choice (X/Z, X/D, Z/D, X/Z/D), by the type of the attribute in its IOD.
 */

import { VesaliusError } from '../../core/errors.ts'
import { iodTypes } from './iod-types.ts'
import { profileTable } from './profile-table.ts'

/** D dummy, Z empty (or dummy), X remove, K keep, C clean, U replace the UID. */
export type Action = 'D' | 'Z' | 'X' | 'K' | 'C' | 'U'

/** An option of PS3.15 Annex E: its letter in the table and its code in CID 7050. */
interface OptionEntry {
  letter: string
  code: string
  meaning: string
}

/** The options by the names of the command line. */
export const profileOptions = {
  'clean-pixel-data': { letter: '', code: '113101', meaning: 'Clean Pixel Data Option' },
  'clean-graphics': { letter: 'G', code: '113103', meaning: 'Clean Graphics Option' },
  'clean-structured-content': { letter: 'S', code: '113104', meaning: 'Clean Structured Content Option' },
  'clean-descriptors': { letter: 'T', code: '113105', meaning: 'Clean Descriptors Option' },
  'retain-dates': {
    letter: 'F',
    code: '113106',
    meaning: 'Retain Longitudinal Temporal Information Full Dates Option',
  },
  'modified-dates': {
    letter: 'M',
    code: '113107',
    meaning: 'Retain Longitudinal Temporal Information Modified Dates Option',
  },
  'retain-patient-characteristics': {
    letter: 'C',
    code: '113108',
    meaning: 'Retain Patient Characteristics Option',
  },
  'retain-device-identity': { letter: 'D', code: '113109', meaning: 'Retain Device Identity Option' },
  'retain-uids': { letter: 'U', code: '113110', meaning: 'Retain UIDs Option' },
  'retain-safe-private': { letter: 'P', code: '113111', meaning: 'Retain Safe Private Option' },
  'retain-institution': { letter: 'I', code: '113112', meaning: 'Retain Institution Identity Option' },
} as const satisfies Record<string, OptionEntry>

export type ProfileOption = keyof typeof profileOptions

/** What Vesalius chooses when nothing is said: the order of a patient's studies survives, their dates do not. */
export const usualOptions: readonly ProfileOption[] = ['modified-dates']

interface Rule {
  /** As in the table: `X`, `Z/D`, `X/Z/U*` ... */
  basic: string
  /** Letter of an option to K or C. */
  options: ReadonlyMap<string, Action>
}

function readRules(): Map<string, Rule> {
  const rules = new Map<string, Rule>()
  for (const line of profileTable.trim().split('\n')) {
    const [basic = '', letters = '-', ...tags] = line.split(' ')
    const options = new Map<string, Action>()
    for (let i = 0; letters !== '-' && i + 1 < letters.length; i += 2)
      options.set(letters[i]!, letters[i + 1] as Action)
    for (const tag of tags) rules.set(tag, { basic, options })
  }
  return rules
}

const rules = readRules()

/** Attributes of PS3.15's table and of its options that name a repeating group or a group as a whole. */
function ruleOf(tag: number): Rule | undefined {
  const hex = tag.toString(16).padStart(8, '0')
  const found = rules.get(hex)
  if (found !== undefined) return found
  if (hex.startsWith('50')) return rules.get('50xxxxxx')
  return hex.startsWith('60') ? rules.get(`60xx${hex.slice(4)}`) : undefined
}

/** Type of an attribute in the IOD of a SOP class; 3 when it may be absent; undefined for classes that are not known. */
export type TypeOf = (tag: number) => 1 | 2 | 3 | undefined

function readTypes(): Map<string, Map<number, 1 | 2>> {
  const byClass = new Map<string, Map<number, 1 | 2>>()
  for (const line of iodTypes.trim().split('\n')) {
    const [classes = '', attributes = ''] = line.split(' |')
    const types = new Map<number, 1 | 2>()
    for (const each of attributes.split(' ').filter((text) => text !== '')) {
      types.set(Number.parseInt(each.slice(0, 8), 16), each[8] === '1' ? 1 : 2)
    }
    for (const uid of classes.split(' ').slice(1)) byClass.set(uid, types)
  }
  return byClass
}

const typesByClass = readTypes()

/** Types of attributes at the top level of objects of a SOP class. */
export function typesOf(sopClass: string): TypeOf {
  const types = typesByClass.get(sopClass)
  return (tag) => (types === undefined ? undefined : (types.get(tag) ?? 3))
}

/**
 * One action out of a choice: the weakest that keeps the object valid. Where the type is not known (nested attributes,
 * private classes) the dummy or the empty value, which are valid everywhere.
 */
function narrow(basic: string, type: 1 | 2 | 3 | undefined): Action {
  const choice = basic.replace('*', '').split('/')
  if (choice.length === 1) return basic as Action
  // References to other objects stay, with their UIDs replaced: series and reports keep pointing at their images.
  if (choice.includes('U')) return 'U'
  const wanted: Action[] = type === 3 ? ['X', 'Z', 'D'] : type === 2 ? ['Z', 'D'] : ['D', 'Z']
  return wanted.find((action) => choice.includes(action)) ?? (choice.at(-1) as Action)
}

/** The action for each attribute; undefined for attributes that the table does not name. */
export type ActionOf = (tag: number, type: 1 | 2 | 3 | undefined) => Action | undefined

/** The profile with some options. Throws USAGE for options that contradict each other. */
export function profileWith(options: readonly ProfileOption[]): ActionOf {
  if (options.includes('retain-dates') && options.includes('modified-dates')) {
    throw new VesaliusError('USAGE', 'Dates cannot be kept and shifted at once.', {
      where: 'option',
      hint: 'Choose one of retain-dates and modified-dates.',
    })
  }
  const letters = options.map((option) => profileOptions[option].letter).filter((letter) => letter !== '')
  return (tag, type) => {
    const rule = ruleOf(tag)
    if (rule === undefined) return undefined
    const chosen = letters.map((letter) => rule.options.get(letter)).filter((action) => action !== undefined)
    if (chosen.includes('K')) return 'K'
    return chosen[0] ?? narrow(rule.basic, type)
  }
}
