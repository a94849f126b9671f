/** @file `vesalius classify`: which of the user's labels fit an image. */

import { VesaliusError } from '../../core/errors.ts'
import { describeSteps } from '../../imaging/index.ts'
import { command } from '../command.ts'
import { deviceOption } from '../device.ts'

export const classify = command({
  name: 'classify',
  summary: 'say which of your labels fit an image',
  usage: ['classify --model RUN --labels "A,B" FILE...', 'classify --model RUN --prompts SET FILE...'],
  positionals: { least: 1, most: Number.POSITIVE_INFINITY },
  options: {
    model: { type: 'string', value: 'RUN', help: 'run or model folder' },
    labels: { type: 'string', value: 'A,B', help: 'labels, separated by commas' },
    multi: { type: 'boolean', help: 'labels can hold together: each is compared with its denial' },
    prompts: { type: 'string', value: 'SET', help: 'prompt set instead of labels: a name or a JSON file' },
    device: deviceOption,
    plain: { type: 'boolean', help: 'leave out the calibration of the model folder' },
    'per-prompt': { type: 'boolean', help: 'the cosine of every prompt too' },
  },
  examples: [
    {
      text: 'What kind of image is this?',
      command: 'classify --model run --labels "chest X-ray,abdominal CT,head CT or MRI" image.dcm',
    },
    { text: 'Which findings are there?', command: 'classify --model run --prompts chest-phantom image.png' },
  ],
  async run({ positionals, options }, { print }) {
    const { model: path, labels, multi, prompts } = options
    if (path === undefined) throw new VesaliusError('USAGE', 'classify needs a model.', { hint: 'Add: --model RUN' })
    if ((labels === undefined) === (prompts === undefined)) {
      throw new VesaliusError('USAGE', 'classify needs either --labels or --prompts.', {
        hint: 'For example: --labels "chest X-ray,head CT"',
      })
    }
    const { exclusivePrompts, labelList, pairPrompts } = await import('../../apply/prompts.ts')
    const { fillPrompts, loadPromptSet } = await import('../../text/index.ts')
    const filled =
      labels === undefined
        ? fillPrompts(await loadPromptSet(prompts as string))
        : (multi ? pairPrompts : exclusivePrompts)(labelList(labels))
    const { openModel } = await import('../../apply/model.ts')
    const { calibrated, readCalibration } = await import('../../apply/calibration.ts')
    const { classMatrix, score } = await import('../../apply/classify/zero-shot.ts')
    const model = await openModel(path, { device: options.device })
    try {
      const pictures = []
      for (const file of positionals) pictures.push({ file, ...(await model.readPicture(file)) })
      const matrix = await classMatrix(model, filled)
      const calibration = options.plain ? undefined : await readCalibration(model.folder)
      let used = 0
      const results = []
      for (const { file, pixels, steps } of pictures) {
        const embedding = await model.embedPixels(pixels)
        const settings = {
          scale: model.scale,
          width: model.config.joint,
          perPrompt: options['per-prompt'],
          nameOf: () => file,
        }
        const [scored] = score(embedding, matrix, settings)
        const plain = scored!.probabilities
        const { probabilities, scaled } =
          calibration === undefined
            ? { probabilities: plain, scaled: plain.map(() => false) }
            : calibrated(calibration, filled, plain)
        used = scaled.filter(Boolean).length
        const ranked = filled.names
          .map((label, k) => ({ label, probability: probabilities[k]!, ...(scaled[k] ? { plain: plain[k]! } : {}) }))
          .sort((a, b) => b.probability - a.probability)
        const done = describeSteps(steps)
        results.push({
          file,
          scores: ranked,
          ...(scored!.perPrompt ? { perPrompt: scored!.perPrompt } : {}),
          steps: done,
        })
        print(file)
        for (const { label, probability } of ranked)
          print(`  ${(100 * probability).toFixed(1).padStart(5)} %  ${label}`)
        for (const { text, cosine } of scored!.perPrompt ?? [])
          print(`         ${cosine.toFixed(3).padStart(6)}  "${text}"`)
        print(`  done to the pixels: ${done.join('; ')}`)
      }
      if (calibration !== undefined)
        print(
          used === 0
            ? 'The calibration of the model folder is for other prompts and was not used.'
            : `${used} of ${filled.names.length} probabilities calibrated on ${calibration.studies} validation studies.`,
        )
      return {
        kind: filled.kind,
        prompts: filled.key,
        calibration: calibration === undefined ? null : { studies: calibration.studies, calibrated: used },
        results,
      }
    } finally {
      await model.close()
    }
  },
})

export { classify as command }
