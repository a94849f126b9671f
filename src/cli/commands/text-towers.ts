/** @file `vesalius text-towers`: text towers by themselves, side by side (survey Fig. 16). */

import { VesaliusError } from '../../core/errors.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { textTable } from '../../core/table.ts'
import { command } from '../command.ts'

/** "name=folder", "name=fresh:folder", or a folder, which is its own name. */
function towerOf(text: string): { name: string; folder: string; fresh: boolean } {
  const cut = text.indexOf('=')
  const [name, rest] = cut < 1 ? [text.split('/').at(-1) ?? text, text] : [text.slice(0, cut), text.slice(cut + 1)]
  const fresh = rest.startsWith('fresh:')
  return { name, folder: fresh ? rest.slice(6) : rest, fresh }
}

export const textTowers = command({
  name: 'text-towers',
  summary: 'how well text towers tell diseases apart, side by side',
  usage: ['text-towers [NAME=]FOLDER... [--out FILE]'],
  positionals: { least: 1, most: 20 },
  options: {
    out: { type: 'string', value: 'FILE', default: 'text-towers.html', help: 'HTML report to write' },
    seed: { type: 'integer', default: 1, help: 'of fresh weights' },
  },
  examples: [
    {
      text: 'A run, a public BERT, and the same BERT untrained',
      command: 'text-towers phantoms=run minilm=all-MiniLM-L6-v2 random=fresh:all-MiniLM-L6-v2',
    },
  ],
  async run({ positionals, options: { out, seed } }, { print }) {
    const { openTextTower } = await import('../../apply/text-tower.ts')
    const { textQuality } = await import('../../evaluate/text/quality.ts')
    const { towerQuality, towerRows, towersDocument, towersReport } = await import('../../evaluate/text/report.ts')
    const asked = positionals.map(towerOf)
    const twice = asked.find(({ name }, i) => asked.findIndex((other) => other.name === name) !== i)
    if (twice !== undefined)
      throw new VesaliusError('USAGE', `Two towers are called "${twice.name}".`, { hint: 'Name them: NAME=FOLDER.' })
    const towers = []
    for (const { name, folder, fresh } of asked) {
      const tower = await openTextTower(folder, fresh ? { fresh: seed } : {})
      try {
        towers.push(towerQuality(name, await textQuality(tower)))
      } finally {
        await tower.close()
      }
    }
    await writeFileAtomic(out, towersReport(towers))
    const { headings, rows } = towerRows(towers)
    print(`${textTable(headings, rows)}\n\nReport: ${out}`)
    return { ...towersDocument(towers), report: out }
  },
})

export { textTowers as command }
