/** @file `vesalius deidentify`: DICOM files without what identifies the patient. */

import { VesaliusError } from '../../core/errors.ts'
import {
  deidentifyFolder,
  type PrivateAttribute,
  type ProfileOption,
  parsePrivate,
  profileOptions,
  type Rectangle,
  readKey,
  usualOptions,
} from '../../imaging/index.ts'
import { command } from '../command.ts'

function rectangle(text: string): Rectangle {
  const numbers = text.split(',').map(Number)
  const [x, y, width, height] = numbers
  if (numbers.length === 4 && numbers.every((n) => Number.isInteger(n) && n >= 0) && width! > 0 && height! > 0) {
    return [x!, y!, width!, height!]
  }
  throw new VesaliusError('USAGE', `--blacken is "${text}", which is not left,top,width,height in pixels.`, {
    hint: 'For example: --blacken 0,0,640,40',
  })
}

function privateAttribute(text: string): PrivateAttribute {
  const parsed = parsePrivate(text)
  if (parsed !== undefined) return parsed
  throw new VesaliusError('USAGE', '--keep-private is not CREATOR,GGEE.', {
    hint: 'For example: --keep-private "GEMS_PARM_01,0043xx39"',
  })
}

const names = Object.keys(profileOptions) as ProfileOption[]

export const deidentify = command({
  name: 'deidentify',
  summary: 'DICOM files without what identifies the patient (PS3.15 Annex E)',
  usage: ['deidentify FILE|FOLDER --out DIR'],
  positionals: { least: 1, most: 1 },
  options: {
    out: { type: 'string', value: 'DIR', help: 'new folder to write' },
    key: { type: 'string', value: 'FILE', help: 'secret of 16 bytes or more; default random, and forgotten' },
    option: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      choices: ['none', ...names],
      help: `option of the profile; default ${usualOptions.join(', ')}`,
    },
    'keep-private': { type: 'string', multiple: true, value: 'CREATOR,GGEE', help: 'private attribute to keep' },
    blacken: { type: 'string', multiple: true, value: 'X,Y,W,H', help: 'rectangle of pixels to make black' },
    'skip-refused': { type: 'boolean', help: 'write the others when some files are refused' },
  },
  examples: [
    { text: 'A folder, with one key for later files', command: 'deidentify export --out clean --key secret' },
    {
      text: 'Sex and age kept, descriptions cleaned',
      command:
        'deidentify export --out clean --option modified-dates --option retain-patient-characteristics --option clean-descriptors',
    },
  ],
  async run({ positionals: [source], options }, { print, progress }) {
    if (options.out === undefined) {
      throw new VesaliusError('USAGE', 'deidentify needs a folder to write.', { hint: 'Add --out DIR.' })
    }
    const blacken = options.blacken.map(rectangle)
    const chosen = options.option.filter((name): name is ProfileOption => name !== 'none')
    const asked = options.option.length === 0 ? [...usualOptions] : [...new Set(chosen)]
    if (blacken.length > 0 && !asked.includes('clean-pixel-data')) asked.push('clean-pixel-data')
    const keepPrivate = options['keep-private'].map(privateAttribute)
    if (keepPrivate.length > 0 && !asked.includes('retain-safe-private')) asked.push('retain-safe-private')

    const bar = progress('De-identifying', 0, 'files')
    const report = await deidentifyFolder(source!, options.out, {
      ...(options.key === undefined ? {} : { key: await readKey(options.key) }),
      options: asked,
      keepPrivate,
      blacken,
      skipRefused: options['skip-refused'],
      onFile: (done) => bar.update(done),
    })
    bar.end()
    const { counts, burnedIn } = report
    print(`${report.files} files of ${report.patients} patients written to ${options.out}.`)
    if (report.others > 0) print(`  ${report.others} other files were not copied.`)
    for (const { file, message } of report.refused) print(`  Not written: file ${file}. ${message}`)
    print(
      `  Attributes: ${counts.removed} removed, ${counts.emptied} emptied, ${counts.replaced} replaced, ${counts.cleaned} cleaned, ${counts.doubtful} doubtful; ${counts.uids} UIDs, ${counts.dates} dates, ${counts.privateRemoved} private, ${counts.overlays} overlays.`,
    )
    if (burnedIn.stated + burnedIn.possible > 0) {
      print(
        `  Text may be burned into the pixels of ${burnedIn.stated + burnedIn.possible} files (${burnedIn.stated} say so): look at them, and blacken it with --blacken.`,
      )
    }
    return { ...report, out: options.out }
  },
})

export { deidentify as command }
