import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import dicomParser from 'dicom-parser'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { studySchema } from '../data/study.ts'
import { readImage, readSignals, type Signal } from '../imaging/index.ts'
import { contactSheet, contactSheetOfFolder, domainOf, generate, listDomains, studyOf } from './index.ts'

const root = mkdtempSync(join(tmpdir(), 'phantoms-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const hashes = (folder: string): string[] =>
  ['.', 'images']
    .flatMap((sub) => readdirSync(join(folder, sub)).map((name) => join(sub, name)))
    .filter((name) => /\.(png|jsonl|dcm)$/.test(name))
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    )

const studiesOf = (folder: string) =>
  readFileSync(join(folder, 'studies.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => studySchema.parse(JSON.parse(line)))

describe('a phantom folder', () => {
  it('is the same bytes on one and on two workers, and a study alone equals the study in the set', async () => {
    const one = join(root, 'one')
    const two = join(root, 'two')
    const made = await generate('chest-xray', { out: one, count: 24, seed: 3, size: 64, workers: 1 })
    await generate('chest-xray', { out: two, count: 24, seed: 3, size: 64, workers: 2 })
    expect(made.studies).toBe(24)
    expect(hashes(two)).toEqual(hashes(one))
    expect(hashes(one).length).toBe(25)
    const studies = studiesOf(one)
    expect(studies[17]).toEqual(studyOf(3, 17, { size: 64 }))
    expect(new Set(studies.map((study) => study.patient)).size).toBe(made.patients)
    const meta = await sharp(join(one, 'images/s000000.png')).metadata()
    expect([meta.width, meta.height, meta.channels, meta.depth]).toEqual([64, 64, 1, 'uchar'])
  })

  it('holds exact splits and masks when asked', async () => {
    const out = join(root, 'splits')
    const made = await generate('chest-xray', {
      out,
      splits: { train: 12, validate: 3, test: 5 },
      masks: true,
      size: 48,
    })
    expect(made.splits).toEqual({ train: 12, validate: 3, test: 5 })
    const patients = new Map<string, string>()
    for (const study of studiesOf(out)) {
      expect(patients.get(study.patient) ?? study.split).toBe(study.split)
      patients.set(study.patient, study.split)
      expect(study.masks.length).toBeGreaterThanOrEqual(3)
      for (const mask of study.masks) expect(existsSync(join(out, mask.path)), mask.path).toBe(true)
    }
  })

  it('writes 16-bit pictures', async () => {
    const out = join(root, 'deep')
    await generate('chest-xray', { out, count: 1, size: 48, bits: 16 })
    expect((await sharp(join(out, 'images/s000000.png')).metadata()).depth).toBe('ushort')
  })

  it('writes DICOM that a parser reads, polarity included', async () => {
    const out = join(root, 'dicom')
    await generate('chest-xray', { out, count: 30, size: 48, dicom: true })
    const polarity = new Set<string>()
    for (const study of studiesOf(out)) {
      const bytes = readFileSync(join(out, study.images[0]?.path as string))
      const set = dicomParser.parseDicom(bytes)
      expect(set.string('x00100020')).toBe(study.patient)
      expect(set.uint16('x00280010')).toBe(48)
      expect(set.uint16('x00280101')).toBe(12)
      expect(set.elements.x7fe00010?.length).toBe(48 * 48 * 2)
      expect(Number(set.string('x00280030')?.split('\\')[0])).toBeCloseTo(study.images[0]?.spacing?.[0] as number, 3)
      polarity.add(set.string('x00280004') as string)
      const last = bytes.readUInt16LE(bytes.length - 2)
      expect(last).toBeLessThan(4096)
    }
    expect([...polarity].sort()).toEqual(['MONOCHROME1', 'MONOCHROME2'])
  })

  it.each(
    listDomains().flatMap(({ id }) => (domainOf(id).dicom === true && id !== 'chest-xray' && id !== 'ecg' ? [id] : [])),
  )('%s in DICOM is the PNG, to a grey level, with honest tags', async (id) => {
    const [dicom, png] = [join(root, `${id}-dicom`), join(root, `${id}-png`)]
    await generate(id, { out: dicom, count: 3, size: 48, seed: 2, dicom: true })
    await generate(id, { out: png, count: 3, size: 48, seed: 2 })
    const pairs = studiesOf(dicom).flatMap((study, n) =>
      study.images.map((image, i) => ({ study, image, twin: studiesOf(png)[n]!.images[i]! })),
    )
    expect(pairs.length).toBeGreaterThanOrEqual(3)
    const uids = new Set<string>()
    for (const { study, image, twin } of pairs) {
      expect({ ...image, path: '' }).toEqual({ ...twin, path: '' })
      const [a, b] = [await readImage(join(dicom, image.path)), await readImage(join(png, twin.path))]
      expect([a.width, a.height, a.channels]).toEqual([b.width, b.height, b.channels])
      expect(Math.max(...a.pixels.map((value, k) => Math.abs(value - b.pixels[k]!)))).toBeLessThan(0.6 / 255)
      const set = dicomParser.parseDicom(readFileSync(join(dicom, image.path)))
      expect([set.string('x00100020'), set.string('x00200010')]).toEqual([study.patient, study.id])
      const modality = set.string('x00080060')
      expect(modality).toBe(image.modality)
      expect(set.string('x00080016')).toBe(set.string('x00020002'))
      uids.add(set.string('x00080018') as string)
      const side = study.attributes.side ?? study.attributes.eye
      expect(set.string('x00200062')).toBe(side === undefined ? undefined : side === 'left' ? 'L' : 'R')
      if (image.spacing !== undefined && image.spacing[0]! > 0.001)
        expect(Number(set.string('x00280030')?.split('\\')[0])).toBeCloseTo(image.spacing[0]!, 3)
    }
    expect(uids.size).toBe(pairs.length)
  })

  it('an ECG in DICOM has the samples of the WFDB record', async () => {
    const [dicom, wfdb] = [join(root, 'ecg-dicom'), join(root, 'ecg-wfdb')]
    await generate('ecg', { out: dicom, count: 2, seed: 2, dicom: true })
    await generate('ecg', { out: wfdb, count: 2, seed: 2 })
    for (const [n, study] of studiesOf(dicom).entries()) {
      const file = study.signals[0]!.path
      const [[a], [b]] = (await Promise.all([
        readSignals(join(dicom, file)),
        readSignals(join(wfdb, studiesOf(wfdb)[n]!.signals[0]!.path)),
      ])) as [[Signal], [Signal]]
      expect([a.rate, a.channels.length]).toEqual([b.rate, 12])
      expect(a.channels.map(({ name, unit }) => [name, unit])).toEqual(
        b.channels.map(({ name }) => [`Lead ${name}`, 'uV']),
      )
      for (const [k, { samples }] of a.channels.entries())
        expect(
          Math.max(...samples.map((value, i) => Math.abs(value / 1000 - b.channels[k]!.samples[i]!))),
        ).toBeLessThan(1e-6)
      const set = dicomParser.parseDicom(readFileSync(join(dicom, file)))
      expect([set.string('x00100020'), set.string('x00080060')]).toEqual([study.patient, 'ECG'])
    }
  })

  it('is not written over, nor made from wrong options', async () => {
    const out = join(root, 'kept')
    await generate('chest-xray', { out, count: 1, size: 48 })
    await expect(generate('chest-xray', { out, count: 1, size: 48 })).rejects.toMatchObject({ code: 'USAGE' })
    await generate('chest-xray', { out, count: 2, size: 48, overwrite: true })
    expect(studiesOf(out).length).toBe(2)
    await expect(generate('tea-leaves', { out, count: 1 })).rejects.toMatchObject({ code: 'UNKNOWN_NAME' })
    await expect(generate('chest-xray', { out, count: 1, size: 7 })).rejects.toThrow(/size/)
    await expect(generate('chest-xray', { out })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('stops on request and leaves no record', async () => {
    const out = join(root, 'stopped')
    const control = new AbortController()
    control.abort()
    await expect(generate('chest-xray', { out, count: 5, size: 48, signal: control.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    })
    expect(existsSync(join(out, 'studies.jsonl'))).toBe(false)
  })

  it('makes a contact sheet', async () => {
    const sheet = await contactSheetOfFolder(join(root, 'one'), { limit: 6, columns: 3, tile: 100 })
    const meta = await sharp(sheet).metadata()
    expect([meta.format, meta.width, meta.height]).toEqual(['png', 300, 260])
    const drawn = await contactSheet('chest-xray', { seed: 3, limit: 6, columns: 3, tile: 100 })
    expect(await sharp(drawn).metadata()).toMatchObject({ format: 'png', width: 300, height: 260 })
  })

  it('a wrong size, voice or dial is named', async () => {
    const out = join(root, 'wrong')
    const asked = (more: object) => generate('chest-xray', { out, count: 5, ...more })
    await expect(asked({ size: 32 })).rejects.toMatchObject({ where: 'size' })
    await expect(asked({ voice: 'whisper' })).rejects.toMatchObject({ where: 'voice' })
    await expect(generate('abdominal-ct', { out, count: 5, dicom: true })).rejects.toMatchObject({ where: 'dicom' })
    await expect(asked({ dials: { contrats: 1 } })).rejects.toThrow(/contrats/)
    expect(existsSync(out)).toBe(false)
  })

  it('is listed', () => {
    const chest = listDomains().find(({ id }) => id === 'chest-xray')
    expect(chest?.findings.length).toBe(15)
  })
})
