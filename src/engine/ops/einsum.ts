/** @file Products in Einstein's notation, written with transposes, reshapes and matrix products. */

import { shapeError, type Tensor } from '../tensor.ts'
import { floats } from './check.ts'
import { mul } from './elementwise.ts'
import { matmul } from './products.ts'
import { sum } from './reductions.ts'
import { reshape, transpose } from './shape.ts'

/** A tensor whose axes have names. */
interface Named {
  x: Tensor
  labels: readonly string[]
}

/**
 * Sum of products over the named axes that the result does not name: `einsum('bqd,bkd->bqk', q, k)`. One letter an axis;
 * `...` stands for leading axes that all operands which have it share. Operands are joined from left to right: put those
 * whose product is small first. An axis cannot occur twice in one operand.
 */
export function einsum(subscripts: string, ...operands: readonly Tensor[]): Tensor {
  floats('einsum', ...operands)
  const { terms, result, lengths } = parse(subscripts, operands)
  const [first, ...others] = operands.map((x, i) => ({ x, labels: terms[i] as readonly string[] }))
  if (first === undefined) throw new RangeError('einsum: there is no operand.')
  const joined = others.reduce<Named>((left, right, i) => {
    const later = new Set([...result, ...others.slice(i + 1).flatMap(({ labels }) => labels)])
    return join(left, right, later, lengths)
  }, first)
  return arrange(sumOut(joined, new Set(result)), result).x
}

/** Product of two named tensors over the axes that both have and nothing later needs. */
function join(a: Named, b: Named, needed: ReadonlySet<string>, lengths: ReadonlyMap<string, number>): Named {
  const left = sumOut(a, new Set([...needed, ...b.labels]))
  const right = sumOut(b, new Set([...needed, ...a.labels]))
  const shared = left.labels.filter((label) => right.labels.includes(label))
  const batch = shared.filter((label) => needed.has(label))
  const inner = shared.filter((label) => !needed.has(label))
  const rows = left.labels.filter((label) => !shared.includes(label))
  const columns = right.labels.filter((label) => !shared.includes(label))
  const labels = [...batch, ...rows, ...columns]
  const size = (list: readonly string[]): number => list.reduce((n, label) => n * (lengths.get(label) as number), 1)

  if (inner.length === 0 || (rows.length === 0 && columns.length === 0)) {
    // Nothing to multiply as matrices: element by element, then a sum.
    const ones = (list: readonly string[]): number[] => list.map(() => 1)
    const shapeOf = (list: readonly string[]): number[] => list.map((label) => lengths.get(label) as number)
    const wideLeft = reshape(arrange(left, [...batch, ...inner, ...rows]).x, [
      ...shapeOf([...batch, ...inner, ...rows]),
      ...ones(columns),
    ])
    const wideRight = reshape(arrange(right, [...batch, ...inner, ...columns]).x, [
      ...shapeOf([...batch, ...inner]),
      ...ones(rows),
      ...shapeOf(columns),
    ])
    return sumOut({ x: mul(wideLeft, wideRight), labels: [...batch, ...inner, ...rows, ...columns] }, new Set(labels))
  }
  const lead = batch.length === 0 ? [] : [size(batch)]
  const [m, k, n] = [size(rows), size(inner), size(columns)]
  // An operand that lies the other way round is read transposed, not copied.
  const transposeA = isArranged(left, [...batch, ...inner, ...rows]) && rows.length > 0
  const transposeB = isArranged(right, [...batch, ...columns, ...inner]) && columns.length > 0
  const product = matmul(
    transposeA
      ? reshape(left.x, [...lead, k, m])
      : reshape(arrange(left, [...batch, ...rows, ...inner]).x, [...lead, m, k]),
    transposeB
      ? reshape(right.x, [...lead, n, k])
      : reshape(arrange(right, [...batch, ...inner, ...columns]).x, [...lead, k, n]),
    { transposeA, transposeB },
  )
  const shape = labels.map((label) => lengths.get(label) as number)
  return { x: reshape(product, shape), labels }
}

const isArranged = ({ labels }: Named, order: readonly string[]): boolean =>
  labels.every((label, i) => label === order[i])

/** The axes in this order. */
function arrange(named: Named, order: readonly string[]): Named {
  if (isArranged(named, order)) return named
  return {
    x: transpose(
      named.x,
      order.map((label) => named.labels.indexOf(label)),
    ),
    labels: order,
  }
}

/** Sums over the axes that are not needed. */
function sumOut({ x, labels }: Named, needed: ReadonlySet<string>): Named {
  const axes = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]))
  return { x: sum(x, axes), labels: labels.filter((label) => needed.has(label)) }
}

interface Parsed {
  terms: readonly (readonly string[])[]
  result: readonly string[]
  lengths: ReadonlyMap<string, number>
}

/** Reads the subscripts against the operands; everything that does not fit is said with all shapes. */
function parse(subscripts: string, operands: readonly Tensor[]): Parsed {
  const wrong = (problem: string): never => shapeError('einsum', `"${subscripts}" ${problem}`, ...operands)
  const sides = subscripts.replaceAll(' ', '').split('->')
  if (sides.length !== 2) wrong('must have one "->" between operands and result')
  const written = (sides[0] as string).split(',')
  if (written.length !== operands.length) wrong(`names ${written.length} operands, given are ${operands.length}`)

  const lengths = new Map<string, number>()
  const terms = written.map((term, i) => {
    const { shape } = operands[i] as Tensor
    const labels = axesNamed(term, shape.length, wrong)
    if (labels.length !== shape.length) wrong(`names ${labels.length} axes of operand ${i}, which has ${shape.length}`)
    labels.forEach((label, axis) => {
      if (labels.indexOf(label) !== axis) wrong(`names the axis ${label} of operand ${i} twice`)
      const length = shape[axis] as number
      const known = lengths.get(label) ?? length
      if (known !== length) wrong(`has axis ${label} with lengths ${known} and ${length}`)
      lengths.set(label, length)
    })
    return labels
  })
  const leading = [...lengths.keys()].filter((label) => label.startsWith('...')).length
  const [before, after] = (sides[1] as string).split('...') as [string, string | undefined]
  const letters = before.length + (after?.length ?? 0)
  const result = axesNamed(sides[1] as string, letters + (after === undefined ? 0 : leading), wrong)
  result.forEach((label, i) => {
    if (!lengths.has(label)) wrong(`has the axis ${label} in the result, which no operand has`)
    if (result.indexOf(label) !== i) wrong(`names the axis ${label} of the result twice`)
  })
  if (after === undefined && leading > 0) wrong('has "..." in an operand and not in the result')
  return { terms, result, lengths }
}

/** The names of the axes of one term; those that "..." stands for are counted from the right: "...1", "...0". */
function axesNamed(term: string, rank: number, wrong: (problem: string) => never): string[] {
  const parts = term.split('...')
  if (parts.length > 2 || !parts.every((part) => /^[a-zA-Z]*$/.test(part)))
    wrong(`has the term "${term}", which is not letters with at most one "..."`)
  const letters = parts.map((part) => [...part])
  if (parts.length === 1) return letters[0] as string[]
  const count = Math.max(rank - letters.flat().length, 0)
  const leading = Array.from({ length: count }, (_, i) => `...${count - 1 - i}`)
  return [...(letters[0] as string[]), ...leading, ...(letters[1] as string[])]
}
