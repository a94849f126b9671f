import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { area, ellipse, mirror, type Points, ribbon, spanAt } from './geometry.ts'
import { addPolygon, blur, layer, resolve } from './raster.ts'

const sum = (field: Float32Array): number => field.reduce((total, value) => total + value, 0)

describe('polygon coverage', () => {
  it('gives half a pixel half its value', () => {
    const target = layer(4, 3)
    addPolygon(target, [1, 1, 2.5, 1, 2.5, 2, 1, 2], 2)
    expect([...resolve(target)]).toEqual([0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0])
  })

  it('covers exactly the area of any triangle inside the picture, in either orientation', () => {
    const inside = fc.double({ min: 0, max: 20, noNaN: true })
    fc.assert(
      fc.property(fc.array(inside, { minLength: 6, maxLength: 6 }), fc.boolean(), (points, turn) => {
        const order: Points = turn ? [...points.slice(4), ...points.slice(2, 4), ...points.slice(0, 2)] : points
        const target = layer(20, 20)
        addPolygon(target, order, 1)
        const field = resolve(target)
        expect(sum(field)).toBeCloseTo(Math.abs(area(points)), 2)
        expect(Math.min(...field)).toBeGreaterThan(-1e-4)
        expect(Math.max(...field)).toBeLessThan(1 + 1e-4)
      }),
    )
  })

  it('cuts what lies outside without touching other rows', () => {
    const target = layer(6, 6)
    addPolygon(target, [-10, 2, 30, 2, 30, 4, -10, 4], 1)
    const field = resolve(target)
    expect(sum(field)).toBeCloseTo(12, 4)
    expect(field[1 * 6 + 3]).toBe(0)
    expect(field[2 * 6]).toBeCloseTo(1, 5)
  })
})

describe('blur', () => {
  it.each([0.4, 1, 2.7])('keeps the mass and has the asked width (sigma %s)', (sigma) => {
    const size = 41
    const field = new Float32Array(size * size)
    field[20 * size + 20] = 1
    blur(field, size, size, sigma)
    let variance = 0
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) variance += (field[y * size + x] as number) * (x - 20) ** 2
    expect(sum(field)).toBeCloseTo(1, 4)
    expect(Math.abs(Math.sqrt(variance) / sigma - 1)).toBeLessThan(0.12)
  })
})

describe('geometry', () => {
  it('makes a ribbon whose area is length times width', () => {
    expect(Math.abs(area(ribbon([0, 0, 10, 0], 3)))).toBeCloseTo(30, 9)
    expect(Math.abs(area(ribbon([0, 0, 6, 8], 4, 2)))).toBeCloseTo(30, 9)
  })

  it('mirrors and cuts', () => {
    const disc = ellipse(5, 0, 2, 2, 0, 64)
    const [low, high] = spanAt(mirror(disc), 0.01) as [number, number]
    expect(low).toBeCloseTo(-7, 1)
    expect(high).toBeCloseTo(-3, 1)
    expect(spanAt(disc, 3)).toBeUndefined()
  })
})
