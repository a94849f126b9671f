import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlural, questionCaption } from './question-caption.ts'

/** Real pairs of VQA-RAD, or like them. */
const sentences: readonly (readonly [question: string, answer: string, caption: string])[] = [
  ['Is there evidence of a pneumothorax?', 'No', 'there is no evidence of a pneumothorax'],
  ['Is there evidence of an aortic aneurysm?', 'yes', 'there is evidence of an aortic aneurysm'],
  ['Are the lungs normal appearing?', 'No', 'the lungs are not normal appearing'],
  ['Is/Are there a pleural effusion?', 'no', 'there is no pleural effusion'],
  ["Is/Are there calcifications in the patient's aorta?", 'yes', "there are calcifications in the patient's aorta"],
  ['Is/Are there ascites?', 'No', 'there is no ascites'],
  ['Is there any abnormality in this image?', 'Yes', 'there is some abnormality in this image'],
  ['IS there anything wrong with the lungs?', 'No', 'there is nothing wrong with the lungs'],
  ['Is there more than one lesion present?', 'No', 'there is not more than one lesion present'],
  ['Is/Are the lungs clear? -yes/no', 'No', 'the lungs are not clear'],
  ['Is/Are the the heart enlarged?', 'No', 'the heart is not enlarged'],
  [
    'Is/Are the superior mesenteric arteries hyperatenuated?',
    'Yes',
    'the superior mesenteric arteries are hyperatenuated',
  ],
  ['Is/Are the trachea located near/in the midline?', 'Yes', 'the trachea is located near or in the midline'],
  [
    'Is the width of the abdominal aorta within normal limits?',
    'No',
    'the width of the abdominal aorta is not within normal limits',
  ],
  ['Is the liver normal in size?', 'No', 'the liver is not normal in size'],
  ['Is this lesion ring enhancing?', 'Yes', 'this lesion is ring enhancing'],
  ['Is a pneumothorax present?', 'No', 'a pneumothorax is not present'],
  ['Is pleural effusion present?', 'no', 'pleural effusion is not present'],
  ['is this an AP CXR', 'yes', 'this is an AP CXR'],
  ['Is this image normal?', 'No', 'this image is not normal'],
  ['Has the left lung collapsed?', 'Yes', 'the left lung has collapsed'],
  ['Was this image taken via MRI?', 'no', 'this image was not taken via MRI'],
  ['Does this patient have a pneumothorax?', 'Yes', 'this patient has a pneumothorax'],
  ['Does this image display pneumoperitoneum?', 'no', 'this image does not display pneumoperitoneum'],
  ['Do you see hylar lymphadenopathy in this image?', 'yes', 'hylar lymphadenopathy in this image can be seen'],
  ['Can the lateral ventricles be seen?', 'No', 'the lateral ventricles cannot be seen'],
  ['Evidence of hemorrhage in the kidneys?', 'No', 'no evidence of hemorrhage in the kidneys'],
  ['What is the imaging modality?', 'MR-FLAIR', 'the imaging modality is MR-FLAIR'],
  ['What is the hypodensity in the liver?', 'Gallbladder', 'the hypodensity in the liver is gallbladder'],
  ['What is the size of the pancreatic mass?', '5mm', 'the size of the pancreatic mass is 5mm'],
  ['Where is/are the spleen located?', 'On the left', 'the spleen is on the left'],
  ['Where is/are the lesion located?', 'Right lower lobe', 'location of the lesion: right lower lobe'],
  ['How would you describe the hila?', 'Enlarged', 'the hila are enlarged'],
  ['How many ribs are there?', '12', 'there are 12 ribs'],
  ['In what plane is the image above captured?', 'Axial', 'the plane is axial'],
  ['What imaging modality was used?', 'CT', 'the modality is CT'],
]

/** Pairs no rule may touch: what they say is not plain, or no sentence comes of it. */
const pairs: readonly (readonly [question: string, answer: string, caption: string])[] = [
  ['What organ is edematous in this image?', 'Appendix', 'what organ is edematous in this image? appendix'],
  [
    'Is there no evidence of blunting of the costophrenic angles?',
    'Yes',
    'is there no evidence of blunting of the costophrenic angles? yes',
  ],
  [
    'Are these small opacities in the right lung calcifications?',
    'No',
    'are these small opacities in the right lung calcifications? no',
  ],
  ['Is the mass surrounding the aorta?', 'no', 'is the mass surrounding the aorta? no'],
  ['What is the lesion most likely to be?', 'abscess', 'what is the lesion most likely to be? abscess'],
  [
    'What is/are the hypodense mass near/in the liver?',
    'yes',
    'what is/are the hypodense mass near or in the liver? yes',
  ],
  ['Is this a solid or cystic lesion?', 'Solid', 'is this a solid or cystic lesion? solid'],
  ['How many lesions are present in the image?', 'one', 'how many lesions are present in the image? one'],
]

describe('questionCaption', () => {
  it.each(sentences)('%s %s', (question, answer, text) => {
    expect(questionCaption(question, answer)).toEqual({ text, declarative: true })
  })

  it.each(pairs)('leaves as it is: %s %s', (question, answer, text) => {
    expect(questionCaption(question, answer)).toEqual({ text, declarative: false })
  })

  it('yes and no never say the same, white space and case of the answer change nothing', () => {
    for (const [question] of [...sentences, ...pairs]) {
      const yes = questionCaption(question, 'Yes').text
      expect(questionCaption(question, 'No').text).not.toBe(yes)
      expect(questionCaption(` ${question.replace(/ /g, ' \t')} \n`, ' yes ').text).toBe(yes)
    }
  })

  it('takes any text in linear time', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (question, answer) => {
        expect(questionCaption(question, answer).text).toBe(questionCaption(question, answer).text.trim())
      }),
    )
    const start = performance.now()
    questionCaption(`Is the ${'of the in '.repeat(4000)}x`, 'no')
    questionCaption(`Where is the ${' '.repeat(20_000)}x`, 'left')
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('isPlural', () => {
  it.each([
    'kidneys',
    'the hila',
    'lesions in the liver',
    'both lungs',
    'the liver and spleen',
    'calcifications of the aorta',
  ])('%s', (phrase) => expect(isPlural(phrase)).toBe(true))
  it.each([
    'the pancreas',
    'mass',
    'stenosis of the arteries',
    'ascites',
    'a pair of kidneys',
    'the uterus',
    'fat stranding',
  ])('not %s', (phrase) => expect(isPlural(phrase)).toBe(false))
})
