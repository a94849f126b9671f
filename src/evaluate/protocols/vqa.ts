/**
 * VQA: questions answered by a small classifier over the answers of the training questions, on frozen features of picture
 * and question. Beside it stand the same classifier without the picture, and the most frequent answer to closed and open
 * questions: what of the score is vision.
 */

import type { Study } from '../../data/study.ts'
import { concat, div, input, logSoftmax, mul, neg, relu, sum, type Tensor } from '../../engine/index.ts'
import { linear, type Scope } from '../../nn/index.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { type HeadOptions, moments, rowsFeed, standardised, trainHead } from '../heads.ts'
import { answerCoverage, exactMatches, normaliseAnswer } from '../metrics/vqa.ts'
import type { EvaluationData, Protocol, ProtocolContext } from '../protocol.ts'
import { patientsOf } from '../studies.ts'

interface Asked {
  /** Place of the study in its split. */
  study: number
  question: string
  answer: string
  kind: 'open' | 'closed'
}

const hidden = 128

function asked(studies: readonly Study[], split: Study['split']): Asked[] {
  return studies.flatMap((study, i) =>
    study.images.length === 0
      ? []
      : study.questions
          .filter((one) => (one.split ?? study.split) === split || one.split === undefined)
          .map(({ question, answer, kind }) => ({ study: i, question, answer, kind })),
  )
}

const questionsOf = ({ train, validate, test }: EvaluationData) => ({
  train: asked(train, 'train'),
  validate: asked(validate, 'validate'),
  test: asked(test, 'test'),
})

export const vqa: Protocol = {
  id: 'VQA',
  name: 'Visual question answering',
  measures:
    'Share of test questions answered right by a small classifier on frozen features; beside it without the picture, and the most frequent answer.',
  lacks(data) {
    const { train, test } = questionsOf(data)
    return train.length === 0 || test.length === 0 ? 'training and test studies do not both have questions' : undefined
  },
  async run(context) {
    const { data } = context
    const questions = questionsOf(data)
    const { train, test } = questions
    const answers = [...new Set(train.map(({ answer }) => normaliseAnswer(answer)))].sort()
    const predicted = await answered(context, questions, answers, true)
    const blind = await answered(context, questions, answers, false)
    const frequent = (kind: Asked['kind']): string => {
      const counts = new Map<string, number>()
      for (const one of train) {
        if (one.kind !== kind) continue
        const answer = normaliseAnswer(one.answer)
        counts.set(answer, (counts.get(answer) ?? 0) + 1)
      }
      return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ''
    }
    const usual = { open: frequent('open'), closed: frequent('closed') }
    const right = (answersOf: (i: number) => string): Float64Array =>
      exactMatches(test.map(({ answer }, i) => ({ predicted: answersOf(i), answer })))
    const part = (values: Float64Array, kind: Asked['kind']): CaseMeasure => ({
      kind: 'mean',
      values: values.map((value, i) => (test[i]!.kind === kind ? value : Number.NaN)),
    })
    const own = right((i) => predicted[i]!)
    const measures: Record<string, CaseMeasure> = {
      accuracy: { kind: 'mean', values: own },
      open: part(own, 'open'),
      closed: part(own, 'closed'),
      accuracyQuestionOnly: { kind: 'mean', values: right((i) => blind[i]!) },
      accuracyMostFrequent: { kind: 'mean', values: right((i) => usual[test[i]!.kind]) },
    }
    const patients = patientsOf(data.test)
    const coverage = answerCoverage(
      train.map(({ answer }) => answer),
      test.map(({ answer }) => answer),
    )
    return {
      measured: [{ units: Int32Array.from(test, ({ study }) => patients[study]!), measures }],
      details: { trainingQuestions: train.length, answers: answers.length, reachable: coverage },
    }
  },
}

/** Answers to the test questions by a classifier trained on the training questions, with or without the pictures. */
async function answered(
  { model, settings, features }: ProtocolContext,
  { train, validate, test }: ReturnType<typeof questionsOf>,
  answers: readonly string[],
  withImage: boolean,
): Promise<string[]> {
  const table = async (split: Study['split'], some: readonly Asked[]) => {
    const { shape, values } = await features(split, 'globalRaw')
    const width = shape[0] as number
    const images = new Float32Array(some.length * width)
    if (withImage)
      some.forEach(({ study }, i) => {
        images.set(values.subarray(study * width, (study + 1) * width), i * width)
      })
    return { images, width, words: await model.embedTextsRaw(some.map(({ question }) => question)) }
  }
  const [own, other] = [await table('train', train), await table('test', test)]
  const [imageWidth, wordWidth] = [own.width, own.words.length / train.length]
  const scales = { images: moments(own.images, imageWidth), words: moments(own.words, wordWidth) }
  const fed = ({ images, words }: typeof own) => {
    const [i, q] = [standardised(images, scales.images), standardised(words, scales.words)]
    return (rows: readonly number[]) => ({
      images: rowsFeed(i, [imageWidth], rows),
      words: rowsFeed(q, [wordWidth], rows),
    })
  }
  // A validation question whose answer was never seen in training has nothing to be judged by.
  const checked = validate.filter(({ answer }) => answers.includes(normaliseAnswer(answer)))
  const testFeeds = fed(other)
  const logits = (scope: Scope, batch: number): Tensor => {
    const [image, words] = [input('images', [batch, imageWidth]), input('words', [batch, wordWidth])]
    const [a, b] = [linear(scope.in('image'), image, hidden), linear(scope.in('words'), words, hidden)]
    // Sum and product: an answer may depend on what is asked of what is there.
    const joined = relu(concat([a, b, mul(a, b)], 1))
    return linear(scope.in('answers'), joined, answers.length)
  }
  const place = new Map(answers.map((answer, i) => [answer, i]))
  const withTruth =
    (some: readonly Asked[], inputs: ReturnType<typeof fed>): HeadOptions['feeds'] =>
    (rows) => ({
      ...inputs(rows),
      truth: {
        dtype: 'float32',
        shape: [rows.length, answers.length],
        data: Float32Array.from({ length: rows.length * answers.length }, (_, i) => {
          const { answer } = some[rows[Math.floor(i / answers.length)]!]!
          return place.get(normaliseAnswer(answer)) === i % answers.length ? 1 : 0
        }),
      },
    })
  const head = await trainHead({
    rows: train.length,
    steps: settings.headSteps,
    rate: [5e-4, 2e-3, 8e-3],
    weightDecay: 0.05,
    seed: settings.seed,
    feeds: withTruth(train, fed(own)),
    validation:
      checked.length === 0
        ? undefined
        : { rows: checked.length, feeds: withTruth(checked, fed(await table('validate', checked))) },
    loss: (scope, batch) =>
      div(neg(sum(mul(logSoftmax(logits(scope, batch), 1), input('truth', [batch, answers.length])))), batch),
  })
  try {
    const { z } = await head.predict(test.length, testFeeds, (scope, batch) => ({ z: logits(scope, batch) }))
    return test.map((_, i) => {
      const row = z!.subarray(i * answers.length, (i + 1) * answers.length)
      return answers[row.indexOf(row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY))]!
    })
  } finally {
    await head.close()
  }
}
