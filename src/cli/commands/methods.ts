/** @file `vesalius methods`: the objectives and applications that exist. */

import { applications } from '../../apply/applications.ts'
import { textTable } from '../../core/table.ts'
import { objectives } from '../../pretrain/objectives.ts'
import { command } from '../command.ts'

export const methods = command({
  name: 'methods',
  summary: 'the objectives and applications that exist',
  usage: ['methods'],
  options: {},
  examples: [{ text: 'As one JSON document', command: 'methods --json' }],
  async run(_, { print }) {
    const row = (kind: 'objective' | 'application') => (item: (typeof objectives | typeof applications)[number]) => {
      const { name, paper, table, domain, taxonomy, tasks } = item.survey
      return { id: item.id, name, table, taxonomy, kind, paper, domain, tasks }
    }
    const list = [...objectives.map(row('objective')), ...applications.map(row('application'))]
    print(
      textTable(
        ['id', 'kind', 'name', 'table', 'paper'],
        list.map((m) => [m.id, m.kind, m.name, m.table === 0 ? '-' : String(m.table), m.paper]),
      ),
    )
    return { methods: list }
  },
})

export { methods as command }
