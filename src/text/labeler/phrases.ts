/** @file Many phrases looked for at once: a tree of words, the longest match first, from left to right. */

import { formsOf, type Word } from './words.ts'

interface Node<Value> {
  next: Map<string, Node<Value>>
  values: Value[]
}

/** Phrases with what each stands for. Several values of one phrase are all kept, in the order they were added. */
export interface PhraseTree<Value> {
  add(phrase: string, value: Value): void
  /** Longest phrase from a word on, with values that are wanted, that holds no blocked word; undefined if there is none. */
  longest(
    words: readonly Word[],
    start: number,
    wanted?: (value: Value) => boolean,
    blocked?: ReadonlySet<number>,
  ): { end: number; values: readonly Value[] } | undefined
}

const nothing: ReadonlySet<number> = new Set()

/** An empty tree. */
export function phraseTree<Value>(): PhraseTree<Value> {
  const root: Node<Value> = { next: new Map(), values: [] }
  return {
    add(phrase, value) {
      let node = root
      for (const form of formsOf(phrase)) {
        const next = node.next.get(form) ?? { next: new Map(), values: [] }
        node.next.set(form, next)
        node = next
      }
      if (node !== root && !node.values.includes(value)) node.values.push(value)
    },
    longest(words, start, wanted = () => true, blocked = nothing) {
      let node: Node<Value> | undefined = root
      let found: { end: number; values: readonly Value[] } | undefined
      for (let i = start; i < words.length; i++) {
        node = blocked.has(i) ? undefined : node.next.get(words[i]!.form)
        if (node === undefined) break
        const values = node.values.filter(wanted)
        if (values.length > 0) found = { end: i + 1, values }
      }
      return found
    },
  }
}
