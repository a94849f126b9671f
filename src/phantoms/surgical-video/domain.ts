/** @file Surgical video as a domain: a clip of frames with actions, tools and captions. */

import { random } from '../../core/random.ts'
import { encodeCanvas } from '../colour.ts'
import { findingEffects, pictureEffects, shortcutEffects } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { meanOf, meanRatio, samplesOf, shareOf } from '../effects.ts'
import {
  affirm,
  deny,
  doubt,
  labelsOf,
  longTail,
  type Manner,
  nameOf,
  type Sentence,
  say,
  sentence,
  type Terms,
  truthOf,
  withArticle,
} from '../grammar.ts'
import { boxOf, toPixels } from '../outline.ts'
import { particularsOf } from '../particulars.ts'
import { presence, recordOf, studyId } from '../person.ts'
import { wordsOf } from '../statements.ts'
import { renderFrame, toolOutlines } from './render.ts'
import {
  type ActionName,
  actionNames,
  type EventName,
  eventAt,
  eventNames,
  phaseAt,
  postureAt,
  type SurgicalScene,
  sampleSurgery,
  surgicalDials,
  type Target,
  type ToolName,
  targetNames,
  toolNames,
  toolOf,
  toolsOf,
} from './scene.ts'

type SurgicalLabel = ActionName | ToolName | EventName

const terms: Readonly<Record<SurgicalLabel, Terms>> = {
  Dissecting: {
    train: longTail('dissecting', 'blunt dissection', 'separating tissue'),
    heldOut: ['stroking layers apart'],
    mass: true,
  },
  'Knot Tying': {
    train: longTail('knot tying', 'tying a knot', 'throwing a knot'),
    heldOut: ['looping thread around'],
    mass: true,
  },
  'Needle Driving': {
    train: longTail('needle driving', 'suturing', 'driving a needle'),
    heldOut: ['passing a stitch'],
    mass: true,
  },
  Clipping: {
    train: longTail('clipping', 'placing a clip', 'clip application'),
    heldOut: ['closing off with metal'],
    mass: true,
  },
  Cutting: {
    train: longTail('cutting', 'sharp division', 'dividing with blades'),
    heldOut: ['snipping through'],
    mass: true,
  },
  Irrigating: { train: longTail('irrigating', 'rinsing', 'irrigation'), heldOut: ['washing the field'], mass: true },
  Grasper: { train: longTail('grasper', 'grasping forceps'), heldOut: ['holding tongs'] },
  'Needle Driver': { train: longTail('needle driver', 'needle holder'), heldOut: ['stitching pliers'] },
  'Clip Applier': { train: longTail('clip applier', 'clip instrument'), heldOut: ['stapling tongs'] },
  Scissors: { train: longTail('scissors', 'curved scissors'), heldOut: ['paired blades'], mass: true },
  Suction: { train: longTail('suction', 'suction tube', 'aspirator'), heldOut: ['hollow pipe'], mass: true },
  Bleeding: { train: longTail('bleeding', 'fresh blood'), heldOut: ['red pool'], mass: true },
  Smoke: { train: longTail('smoke', 'surgical smoke'), heldOut: ['white haze'], mass: true },
}

/** "knot tying on the bowel with a grasper and a needle driver". */
function deed(action: ActionName, target: Target, manner: Manner, stream: ReturnType<typeof random>): string {
  const tools = toolsOf(action).map((tool) => withArticle(nameOf(terms[tool], manner, stream), terms[tool].mass))
  return `${nameOf(terms[action], manner, stream)} on the ${target} with ${tools.join(' and ')}`
}

/** The caption of a frame or clip, said of its action and tools. */
function sentencesOf(text: string, action: ActionName): Sentence<SurgicalLabel>[] {
  return [action, ...toolsOf(action)].map((name) => sentence(text, { name, polarity: 1 }))
}

/** Captions of a clip: a sentence for each phase, and what else is seen. */
function captionClip(scene: SurgicalScene, manner: Manner): Sentence<SurgicalLabel>[] {
  const stream = random(scene.seed, 'caption', scene.index)
  const heads = ['Surgical video of', 'The surgeon is', 'Clip showing', 'Endoscopic view of'] as const
  const phases = scene.phases.flatMap(({ said }, k) => {
    const head = k === 0 ? stream.pick(heads) : 'Then'
    return sentencesOf(`${head} ${deed(said, scene.target, manner, stream)}.`, said)
  })
  if (scene.boilerplate) return [sentence(say(longTail('Surgical video.', 'Laparoscopic view.'), stream))]
  return [...phases, ...eventsIn(scene, manner, stream)]
}

/** What is said of bleeding and smoke. */
function eventsIn(scene: SurgicalScene, manner: Manner, stream: ReturnType<typeof random>): Sentence<SurgicalLabel>[] {
  return scene.mentions.map(({ name, polarity, finding }) => {
    const noun = nameOf(terms[name], manner, stream)
    const phrase = { noun, mass: true }
    const text = polarity === 0 ? deny(noun, stream) : polarity === 1 ? affirm(phrase, stream) : doubt(phrase, stream)
    return sentence<SurgicalLabel>(text, { name, polarity, finding })
  })
}

export const surgicalVideo = phantomDomain({
  id: 'surgical-video',
  name: 'Surgical video',
  findings: [...toolNames.slice(1), ...eventNames],
  smallFindings: [],
  dials: surgicalDials,
  voices: ['caption'],
  words: wordsOf<SurgicalLabel>(terms),
  size: { least: 48, most: 512, default: 96 },
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleSurgery(options.seed, index, dials, split)
    const id = studyId(index)
    const numbers = Array.from({ length: scene.frames }, (_, k) => k)
    const path = (k: number): string => `frames/${id}-${String(k).padStart(3, '0')}.png`
    const middle = Math.floor(scene.frames / 2)
    const clip = captionClip(scene, options)
    const words = random(scene.seed, 'frame captions', scene.index)
    const frames = numbers.map((k) => {
      const phase = phaseAt(scene, k)
      return {
        path: path(k),
        seconds: k / 2,
        caption: `${deed(phase.said, scene.target, options, words)}.`,
        labels: {
          ...presence(actionNames, [phase.action]),
          ...presence(toolNames, toolsOf(phase.action)),
          ...presence(
            eventNames,
            eventNames.filter((name) => eventAt(scene, name, k)),
          ),
        },
      }
    })
    const posture = postureAt(scene, middle)
    const { action } = phaseAt(scene, middle)
    const tools = [
      ['Grasper', toolOutlines('Grasper', scene.entry.left, posture.left, 0.5)],
      [toolOf[action], toolOutlines(toolOf[action], scene.entry.right, posture.right, posture.open)],
    ] as const
    const boxes = tools.flatMap(([label, { head }]) => {
      const box = boxOf(
        head.map((points) => toPixels(points, size)),
        size,
      )
      return box ? [{ image: 0, label, phrase: `tip of the ${label.toLowerCase()}`, box }] : []
    })
    const done = actionNames.filter((name) => scene.phases.some((phase) => phase.action === name))
    const texts = clip.map(({ text }) => text).filter((text, i, all) => text !== all[i - 1])
    const { attributes, ...particulars } = particularsOf({
      // Every clip is another operation: nothing to compare.
      known: scene.findings.map(({ name, strength }) => ({ name, strength, facts: {} })),
      changes: {},
      examination: null,
      names: eventNames,
      words: wordsOf<SurgicalLabel>(terms),
      sentences: clip,
      stream: random(options.seed, 'clip questions', index),
      questions: [
        { question: 'What is being done?', answer: action.toLowerCase(), kind: 'open', type: 'action' },
        {
          question: 'Which tool does the right hand hold?',
          answer: toolOf[action].toLowerCase(),
          kind: 'open',
          type: 'tool',
        },
        { question: 'What is operated on?', answer: scene.target, kind: 'open', type: 'target' },
      ],
    })
    const points = [
      ['Grasper', posture.left],
      [toolOf[action], posture.right],
    ].flatMap(([label, tip]) => {
      const point = toPixels(tip as [number, number], size).map((v) => Math.round(v * 100) / 100)
      return point.every((v) => v >= 0 && v < size) ? [{ image: 0, label: label as string, point }] : []
    })
    const study = recordOf(scene, {
      ...particulars,
      points,
      domain: 'surgical-video',
      images: [{ path: path(middle), modality: 'ES', view: `frame ${middle}` }],
      report: null,
      captions: [texts.join(' ')],
      labels: labelsOf(clip),
      boxes,
      frames,
      attributes: {
        ...attributes,
        appearance: scene.appearance,
        target: scene.target,
        frameRate: 2,
        cue: scene.camera.lamp,
      },
      truth: {
        labels: {
          ...presence(actionNames, done),
          ...presence(toolNames, done.flatMap(toolsOf)),
          ...presence(
            eventNames,
            scene.findings.map(({ name }) => name),
          ),
        },
        sentences: truthOf(clip),
      },
    })
    if (options.pictures === false) return { study, files: [] }
    const files = await Promise.all(
      numbers.map(async (k) => ({
        path: path(k),
        bytes: await encodeCanvas(renderFrame(scene, k, size, { contrast: dials.contrast, noise: dials.noise })),
      })),
    )
    return { study, files, preview: () => Promise.resolve(files[middle]?.bytes as Buffer) }
  },
  effects: {
    ...pictureEffects({ frames: 2, normals: 0, prevalence: 5 }),
    ...Object.fromEntries(
      Object.entries({ ...findingEffects(eventNames), ...shortcutEffects('Bleeding', 'Smoke') }).map(
        ([dial, effect]) => [dial, { ...effect, dials: { ...effect.dials, frames: 2 } }],
      ),
    ),
    cooccurrence: {
      values: [0, 1, 3],
      what: 'share of bleeding clips that are smoky or cut',
      measure: (made) => {
        const bleeding = made.filter(({ study }) => study.truth?.labels.Bleeding === 1)
        return shareOf(({ truth }) => truth?.labels.Smoke === 1 || truth?.labels.Cutting === 1)(bleeding)
      },
      dials: { frames: 2, normals: 0 },
      studies: 200,
    },
    frames: { values: [2, 8, 16], what: 'frames a clip', measure: meanOf(({ frames }) => frames.length), studies: 6 },
    appearance: {
      values: ['clinical', 'virtual'],
      what: 'mean of blue over red',
      measure: meanRatio(2, 0),
      dials: { frames: 2 },
    },
    motion: {
      values: [0, 1, 2],
      what: 'mean difference of frames two seconds apart',
      measure: async (made) => {
        let sum = 0
        for (const study of made) {
          const [a, b] = await Promise.all([samplesOf(study, 0), samplesOf(study, 4)])
          sum += a.reduce((total, v, i) => total + Math.abs(v - (b[i] as number)), 0) / a.length
        }
        return sum / made.length
      },
      dials: { frames: 5, noise: 0, nuisance: 0, prevalence: 0, appearance: 'virtual', actions: 'same tools' },
      studies: 40,
    },
    actions: {
      values: ['all', 'same tools'],
      what: 'share of clips with a needle driver',
      measure: shareOf(({ truth }) => truth?.labels['Needle Driver'] === 1),
      dials: { frames: 2 },
    },
    phases: {
      values: [1, 2, 3],
      what: 'actions a clip',
      measure: meanOf(({ truth }) => actionNames.filter((name) => truth?.labels[name] === 1).length),
      dials: { frames: 6 },
    },
    labelNoise: {
      values: [0, 0.3, 0.9],
      what: 'share of clips whose words name another action',
      measure: shareOf(({ labels, truth }) =>
        actionNames.some((name) => labels[name] === 1 && truth?.labels[name] !== 1),
      ),
      dials: { frames: 2 },
    },
    heldOutPair: {
      values: [true, false],
      what: 'clips that cut a vessel, in training',
      measure: shareOf(
        ({ truth, attributes, split }) =>
          split === 'train' && truth?.labels.Cutting === 1 && attributes.target === targetNames[1],
      ),
      dials: { frames: 2 },
      studies: 120,
    },
  },
  card: {
    scene:
      'A clip of a keyhole operation: two tools at work on bowel, vessel, fat or liver, six actions with their own motion, bleeding and smoke, seen through an endoscope or in a simulator.',
    hard: [
      'three actions are done with the same tools: only the motion of the tips tells them apart',
      'two appearances (simulator, living tissue) with the same motion',
      'actions follow each other within a clip',
    ],
    truth: [
      'action, tools, bleeding and smoke of every frame',
      'caption of every frame and of the clip',
      'boxes of the tips in the middle frame',
    ],
    systems: ['SDA-CLIP', 'SCA-Net'],
  },
})
