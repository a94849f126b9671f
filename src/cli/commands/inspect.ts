/** @file `vesalius inspect`: what a file or folder is, and what is done to its pixels. */

import { stat } from 'node:fs/promises'
import { VesaliusError } from '../../core/errors.ts'
import { inspectFile, inspectFolder } from '../../imaging/index.ts'
import { command } from '../command.ts'

/** Facts as indented lines. */
function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((item) => (typeof item === 'object' ? lines(item, indent) : [`${indent}- ${String(item)}`]))
  if (typeof value !== 'object' || value === null) return [`${indent}${String(value)}`]
  return Object.entries(value).flatMap(([key, item]) => {
    if (item === undefined || item === null) return []
    if (typeof item !== 'object') return [`${indent}${key}: ${String(item)}`]
    if (Array.isArray(item) && item.every((one) => typeof one === 'number'))
      return [`${indent}${key}: ${item.join(' x ')}`]
    return [`${indent}${key}:`, ...lines(item, `${indent}  `)]
  })
}

export const inspect = command({
  name: 'inspect',
  summary: 'what a file or folder is, and what is done to its pixels',
  usage: ['inspect PATH...'],
  positionals: { least: 1, most: Number.POSITIVE_INFINITY },
  options: {},
  examples: [{ text: 'A DICOM file', command: 'inspect image.dcm' }],
  async run({ positionals }, { print }) {
    const items: Record<string, unknown>[] = []
    for (const path of positionals) {
      const found = await stat(path).catch(() => undefined)
      if (found === undefined) {
        throw new VesaliusError('FILE_MISSING', `There is no file or folder at ${path}.`, {
          where: path,
          hint: 'Check the path.',
        })
      }
      const facts = { ...(found.isDirectory() ? await inspectFolder(path) : await inspectFile(path)) }
      print([path, ...lines({ ...facts, path: undefined }, '  ')].join('\n'))
      items.push(facts)
    }
    return { items }
  },
})

export { inspect as command }
