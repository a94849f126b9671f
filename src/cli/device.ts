/** @file The option that says where a model runs; the same for every command that opens one. */

import { deviceNames } from '../engine/index.ts'

export const deviceOption = {
  type: 'string',
  choices: deviceNames,
  help: `where the model runs: ${deviceNames.join(', ')}; see: vesalius doctor --device`,
} as const
