/** @file What is encoded: models that both sides have, and how many studies. */

/** Studies a round: a picture and a report each. */
export const studies = 1000

const joint = 256
const logitScale = Math.log(1 / 0.07)
const text = {
  kind: 'clip-text',
  vocabulary: 49_408,
  context: 77,
  width: 256,
  layers: 6,
  heads: 4,
  bos: 49_406,
  eos: 49_407,
  pad: 49_407,
}

export const cases = {
  'vit-tiny': {
    model: {
      image: { kind: 'vit', size: 96, channels: 3, patch: 8, width: 128, layers: 4, heads: 4 },
      text: { ...text, width: 128, layers: 2 },
      joint: 128,
      logitScale,
    },
    tokens: 32,
  },
  'vit-small': {
    model: {
      image: { kind: 'vit', size: 112, channels: 3, patch: 16, width: 384, layers: 12, heads: 6 },
      text,
      joint,
      logitScale,
    },
    tokens: 64,
  },
}

/** Studies that are encoded together. */
export const chunk = 50
