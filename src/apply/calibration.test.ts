import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { calibrated, calibrationFile, logOdds, promptsOf, readCalibration } from './calibration.ts'
import { exclusivePrompts, pairPrompts } from './prompts.ts'

const folder = mkdtempSync(join(tmpdir(), 'vesalius-calibration-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const prompts = pairPrompts(['edema', 'nodule'])
const scaling = { a: 2, b: -1, prompts: promptsOf(prompts, 'edema') }
const calibration = {
  version: 1 as const,
  prompts: prompts.key,
  studies: 40,
  findings: { edema: scaling, nodule: null },
}

describe('the calibration of a model folder', () => {
  it('scales the log odds of the findings it was fitted for, and leaves the others', () => {
    const { probabilities, scaled } = calibrated(calibration, prompts, [0.8, 0.3])
    expect(scaled).toEqual([true, false])
    expect(logOdds(probabilities[0]!)).toBeCloseTo(2 * logOdds(0.8) - 1, 10)
    expect(probabilities[1]).toBe(0.3)
    expect(calibrated(calibration, prompts, [0, 1]).probabilities.every(Number.isFinite)).toBe(true)
  })

  it('goes with its own prompts: fewer findings are the same ones, other words or exclusive classes are not', () => {
    expect(calibrated(calibration, pairPrompts(['edema']), [0.8]).scaled).toEqual([true])
    const other = { ...prompts, groups: prompts.groups.map((group) => ({ ...group, texts: [`a ${group.texts[0]}`] })) }
    expect(calibrated(calibration, other, [0.8, 0.3])).toEqual({ probabilities: [0.8, 0.3], scaled: [false, false] })
    expect(calibrated(calibration, exclusivePrompts(['edema', 'nodule']), [0.8, 0.2]).scaled).toEqual([false, false])
  })

  it('is read from the folder, is absent where there is none, and says what is wrong with a damaged one', async () => {
    expect(await readCalibration(folder)).toBeUndefined()
    writeFileSync(calibrationFile(folder), JSON.stringify(calibration))
    expect(await readCalibration(folder)).toEqual(calibration)
    writeFileSync(calibrationFile(folder), '{"version":1}')
    await expect(readCalibration(folder)).rejects.toMatchObject({ code: 'MODEL_INVALID' })
  })
})
