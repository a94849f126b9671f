/**
 * @file A question about an image and its answer as one declarative sentence: "Is there a pneumothorax?" + "No" becomes
 * "there is no pneumothorax". Small rules that say nothing the pair does not; what none of them fits is left as
 * question and answer.
 */

/** Where a caption came from: a rule made a sentence of it, or the pair stands as it was. */
export interface QuestionCaption {
  text: string
  declarative: boolean
}

interface Pair {
  /** Without question mark; white space and template marks ("Is/Are", "near/in", "-yes/no") resolved. */
  question: string
  answer: string
  /** true for yes, false for no, undefined for any other answer. */
  yes: boolean | undefined
}

const prepositions =
  'in|on|at|of|to|for|from|with|by|via|under|over|above|below|within|near|inside|outside|behind|between|along|around|across|than|seen|visible|present|shown|that|which'
const headEnd = new RegExp(
  `\\s(?:(?:${prepositions}|surrounding|causing)\\b|(?:superior|inferior|anterior|posterior|adjacent|lateral|medial) to\\b).*$`,
  'i',
)
const singularInS = /(?:ss|us|is|ascites|pancreas|pons)$/i
const pluralWithoutS = /^(?:hila|sulci|gyri|bronchi|vertebrae|diverticula|septa|thalami|nuclei)$/i

/** Whether a noun phrase takes "are", by its first word and the last word before any preposition. */
export function isPlural(phrase: string): boolean {
  if (/^(?:an?|this|that|it|any one|one)\b/i.test(phrase)) return false
  if (/^(?:these|those|both|multiple|several|many|two|three|four|five|[2-9]|\d\d)\b/i.test(phrase)) return true
  const head = phrase.replace(headEnd, '')
  if (/\band\b/i.test(head)) return true
  const last = head.split(' ').at(-1) ?? ''
  return pluralWithoutS.test(last) || (/s$/i.test(last) && !singularInS.test(last))
}

/** First letter small, unless the word is an abbreviation ("CT", "T2", "MR-FLAIR", "PA"). */
function lowerFirst(text: string): string {
  return /^[A-Z](?:[a-z]|\s|$)/.test(text) && !/^[RL]\s/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text
}

function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** What is affirmed has no "any": "there is any fluid" becomes "there is some fluid". */
function affirm(text: string): string {
  return text.replace(/\bany(thing|where)?\b/gi, (_, rest: string | undefined) => `some${rest ?? ''}`)
}

/** Words a predicate may begin with, after a subject that has begun with a determiner. */
const predicates = new Set(
  `normal abnormal abnormally normally present absent visible seen visualized clear symmetric symmetrical asymmetric
  enlarged larger smaller large small bigger wider big wide narrow thick thin dense denser bright dark open intact
  midline central unaltered pathologic benign malignant acute chronic cystic solid homogenous homogeneous heterogenous
  heterogeneous hyperdense hypodense hyperintense hypointense isointense isodense radiolucent radioopaque radiopaque
  unilateral bilateral focal diffuse patent straight female male supine upright erect recognizable noticeable
  appreciable clearly adequately completely fully well too very taken shown sharp blurry smooth lobulated irregular
  aligned flat flattened vascular calcified healthy swollen broken shrunk higher lower greater edematous ischemic
  hemorrhagic cirrhotic uniform obvious evident`.split(/\s+/),
)
/** They take an object, so a noun may follow. */
const transitive = /^(?:causing|compressing|encompassing|showing)$/
/** With one of these even a subject without determiner is plain: "is cortical atrophy present". */
const existence =
  /^(?:present|seen|visible|visualized|depicted|noted|evident|identifiable|recognizable|identified|obvious)$/
/** Words that belong to the predicate they stand before: "been removed", "an abnormal size", "ring enhancing". */
const beforePredicate = /^(?:been|an?|lying|ring|hyper|hypo|not|able|(?!only$)\w+ly)$/i
const adverb = /^(?:clearly|adequately|completely|fully|well|too|very|abnormally|normally|mostly|more|less)$/i
const determiner =
  /^(?:the|this|these|those|that|an?|any|both|all|there|it|free|iv|oral|contrast|cardiomegaly|air|small|multiple)$/i
const predicatePhrase =
  /^(?:in view|in (?:the|an?) \w+ (?:plane|position|view)|in (?:the|this) (?:image|midline)|in place|within normal limits|(?:of )?(?:a )?(?:normal|abnormal) (?:in )?size|on the (?:left|right)(?: side)?|more than \w+)$/i
const followsPredicate = new RegExp(
  `^(?:${prepositions}|and|or|appearing|looking|because|here|throughout|as|compared|bilaterally|well|normally|into|medially|laterally|\\W.*)$`,
  'i',
)

/** Where the predicate begins in the words after the auxiliary, or -1 when that is not plain. */
function predicateStart(words: readonly string[]): number {
  const [first = '', second = ''] = words
  if (/^(?:this|it|that)$/i.test(first) && /^(?:an?|the|in|from|taken|normal|abnormal)$/i.test(second)) return 1
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!.toLowerCase()
    const next = words[i + 1]
    if (!determiner.test(first) && !existence.test(word)) continue
    if (predicatePhrase.test(words.slice(i).join(' ')) || transitive.test(word)) return withAdverbs(words, i)
    // A bare preposition is no boundary: whether it belongs to the subject ("the opacity in the lung") does not show.
    const known = predicates.has(word) || existence.test(word) || /(?:[^e]ed|ing|ible|able)$/.test(word)
    const insideSubject = next !== undefined && !followsPredicate.test(next) && !adverb.test(word)
    if (known && !insideSubject && !/sided$|^surrounding$/.test(word)) return withAdverbs(words, i)
  }
  return -1
}

/** The beginning moved left over words that belong to the predicate; -1 when no subject is left. */
function withAdverbs(words: readonly string[], start: number): number {
  let at = start
  while (at > 1 && beforePredicate.test(words[at - 1]!)) at--
  const subject = words.slice(0, at)
  const noSubject = /^(?:the|these|those|both|a|an|any|has|surrounding)$/i.test(subject.at(-1)!)
  return noSubject || subject.some((word) => /^(?:there|it|is|are)$/i.test(word) && subject.length > 1) ? -1 : at
}

type Rule = (pair: Pair) => string | undefined

/** "Is there X" */
const thereIs: Rule = ({ question, yes }) => {
  const match = /^(is\/are|is|are|was|were) (?:there )+(.+)$/i.exec(question)
  if (match === null || yes === undefined) return undefined
  const [, aux, what] = match as unknown as [string, string, string]
  const be = aux.includes('/') ? (isPlural(what) ? 'are' : 'is') : aux.toLowerCase()
  if (yes) return `there ${be} ${affirm(what)}`
  if (/^any(thing|where)\b/i.test(what)) return `there ${be} ${what.replace(/^any/i, 'no')}`
  if (/^(?:more|multiple|several|the|both|two|three|only|enough|less|fewer|\d+)\b/i.test(what))
    return `there ${be} not ${what}`
  return `there ${be} no ${what.replace(/^(?:an?|any|some) /i, '')}`
}

/** "Is SUBJECT PREDICATE", "Has SUBJECT PREDICATE" */
const subjectIs: Rule = ({ question, yes }) => {
  const match = /^(is\/are|is|are|was|were|has|have) (.+)$/i.exec(question)
  if (match === null || yes === undefined) return undefined
  const [, aux, rest] = match as unknown as [string, string, string]
  const words = rest.split(' ')
  const at = predicateStart(words)
  if (at < 0) return undefined
  const subject = words.slice(0, at).join(' ')
  const predicate = words.slice(at).join(' ')
  const be = aux.includes('/') ? (isPlural(subject) ? 'are' : 'is') : aux.toLowerCase()
  if (yes) return `${affirm(subject)} ${be} ${affirm(predicate)}`
  if (/^any /i.test(subject)) return `no ${subject.slice(4)} ${be} ${predicate}`
  return `${subject} ${be} not ${predicate}`
}

const thirdPerson: Readonly<Record<string, string>> = { have: 'has', cross: 'crosses' }

/** "Does SUBJECT VERB ..." */
const subjectDoes: Rule = ({ question, yes }) => {
  const verbs = 'have|appear|show|contain|display|represent|involve|extend|demonstrate|use|look|indicate|suggest|cross'
  const match = new RegExp(`^(does|do) ((?:the|this|these|an?) .+?|it|this) (${verbs})( .+)?$`, 'i').exec(question)
  if (match === null || yes === undefined) return undefined
  const [, aux, subject, verb, rest = ''] = match as unknown as [string, string, string, string, string | undefined]
  const plain = verb.toLowerCase()
  if (!yes) return `${subject} ${aux.toLowerCase()} not ${plain}${rest}`
  const conjugated = aux.toLowerCase() === 'do' ? plain : (thirdPerson[plain] ?? `${plain}s`)
  return affirm(`${subject} ${conjugated}${rest}`)
}

/** "Can SUBJECT be SEEN" and "Do you see X" */
const canBeSeen: Rule = ({ question, yes }) => {
  if (yes === undefined) return undefined
  const passive = /^can ((?:the|this|these|an?|any) .+?) (be .+)$/i.exec(question)
  if (passive !== null) return yes ? affirm(`${passive[1]} can ${passive[2]}`) : `${passive[1]} cannot ${passive[2]}`
  const active = /^(?:can|do|could) you (?:see|appreciate|identify) (.+)$/i.exec(question)
  if (active === null) return undefined
  return yes ? `${affirm(active[1]!)} can be seen` : `no ${active[1]!.replace(/^(?:an?|any|the) /i, '')} can be seen`
}

/** "Evidence of X", "Any X" */
const bare: Rule = ({ question, yes }) => {
  const match = /^(?:any (.+)|(evidence of .+))$/i.exec(question)
  if (match === null || yes === undefined) return undefined
  const what = lowerFirst((match[1] ?? match[2])!)
  return yes ? affirm(what) : `no ${what}`
}

/** "What is the X" */
const whatIs: Rule = ({ question, answer, yes }) => {
  const match = /^what (is\/are|is|are|was|were) ((?:the|this|these|those) .+)$/i.exec(question)
  if (match === null || yes !== undefined || /^none$/i.test(answer)) return undefined
  const [, aux, what] = match as unknown as [string, string, string]
  // "What is the mass pushing", "what is the patient at risk for": the answer is not what the subject is.
  if (/(?:ing|\b(?:of|to|in|on|for|from|with|by|at|like|be))$/i.test(what)) return undefined
  const be = aux.includes('/') ? (isPlural(what) ? 'are' : 'is') : aux.toLowerCase()
  return `${what} ${be} ${answer}`
}

/** "Where is X (located)" */
const whereIs: Rule = ({ question, answer, yes }) => {
  const match = /^where (is\/are|is|are) ((?:the|this|these|an?) .+?)(?: (?:located|placed|found|seen))?$/i.exec(
    question,
  )
  if (match === null || yes !== undefined || / located /i.test(match[2]!)) return undefined
  const [, aux, what] = match as unknown as [string, string, string]
  const be = aux.includes('/') ? (isPlural(what) ? 'are' : 'is') : aux.toLowerCase()
  const placed = /^(?:in|on|at|under|underneath|above|below|near|within|behind|between|along|around|adjacent)\b/i
  return placed.test(answer) ? `${what} ${be} ${answer}` : `location of ${what}: ${answer}`
}

/** "How would you describe X", "How many X are there" */
const howIs: Rule = ({ question, answer, yes }) => {
  if (yes !== undefined) return undefined
  const described = /^how would you describe ((?:the|this|these) .+)$/i.exec(question)
  if (described !== null) return `${described[1]} ${isPlural(described[1]!) ? 'are' : 'is'} ${answer}`
  const counted = /^how many (.+?) (?:are|is) (there|seen|present|visible)(.*)$/i.exec(question)
  if (counted === null || !/^(?:[2-9]|\d\d+|two|three|four|five|six|many|multiple|several)$/i.test(answer))
    return undefined
  const [, what, verb, rest] = counted as unknown as [string, string, string, string]
  return verb.toLowerCase() === 'there' ? `there are ${answer} ${what}${rest}` : `${answer} ${what} are ${verb}${rest}`
}

/** "In what plane ...", "What imaging modality ..." */
const howTaken: Rule = ({ question, answer, yes }) => {
  if (yes !== undefined) return undefined
  if (/^(?:in )?(?:what|which) (?:imaging |image )?plane\b/i.test(question)) {
    return `the plane is ${answer.replace(/ plane$/i, '')}`
  }
  if (/^(?:in )?(?:what|which) (?:type of )?(?:imag(?:e|ing) )?modality\b/i.test(question))
    return `the modality is ${answer}`
  return undefined
}

const rules: readonly Rule[] = [thereIs, subjectIs, subjectDoes, canBeSeen, bare, whatIs, whereIs, howIs, howTaken]

/** Denials and second questions inside a yes-or-no question: what "yes" or "no" then affirms is not plain. */
const ambiguous = /\b(?:not|no|nothing|without|vs|instead)\b|n't\b|\?|\b(?:and|or) (?:is|are)\b/i

/** In characters. Longer ones are no questions of these forms, and the patterns above are not linear. */
const longestQuestion = 400

/**
 * One caption of a question and its answer, in small letters at the beginning and without a full stop.
 *
 * @example
 * questionCaption('Are the lungs normal appearing?', 'No').text   // 'the lungs are not normal appearing'
 * questionCaption('What organ is edematous?', 'Appendix').text    // 'what organ is edematous? appendix'
 */
export function questionCaption(rawQuestion: string, rawAnswer: string): QuestionCaption {
  if (rawQuestion.length > longestQuestion) return { text: tidy(`${rawQuestion} ${rawAnswer}`), declarative: false }
  const question = tidy(
    tidy(rawQuestion)
      .replace(/near\/in/gi, 'near or in')
      .replace(/\s*-?\s*yes\/no\b/gi, '')
      .replace(/\b(the|there|a) \1\b/gi, '$1')
      .replace(/[\s?.]+$/, ''),
  )
  const answer = lowerFirst(tidy(rawAnswer).replace(/[\s.]+$/, ''))
  const yes = /^yes$/i.test(answer) ? true : /^no$/i.test(answer) ? false : undefined
  if (question === '' || answer === '') return { text: tidy(`${question} ${answer}`), declarative: false }
  if (yes === undefined || !ambiguous.test(question)) {
    for (const rule of rules) {
      const text = rule({ question, answer, yes })
      if (text !== undefined) return { text: lowerFirst(tidy(text)), declarative: true }
    }
  }
  return { text: `${lowerFirst(question)}? ${answer}`, declarative: false }
}
