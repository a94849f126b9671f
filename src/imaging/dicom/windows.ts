/** @file Windows of computed tomography by name, in Hounsfield units. */

import { VesaliusError } from '../../core/errors.ts'
import type { NamedWindow, Window } from '../types.ts'

/** Customary windows [HU] (as Radiopaedia's "Windowing (CT)" lists them); what names mean differs a little between books. */
export const ctWindows = {
  brain: { center: 40, width: 80 },
  subdural: { center: 75, width: 200 },
  stroke: { center: 40, width: 40 },
  'temporal-bone': { center: 600, width: 2800 },
  lung: { center: -600, width: 1500 },
  mediastinum: { center: 50, width: 350 },
  abdomen: { center: 50, width: 400 },
  liver: { center: 30, width: 150 },
  'soft-tissue': { center: 50, width: 350 },
  spine: { center: 50, width: 250 },
  bone: { center: 400, width: 1800 },
} as const satisfies Record<string, Window>

/** A window by name, for CT only: other modalities have no fixed unit. Throws USAGE, listing what there is. */
export function namedWindow(name: string, modality: string | undefined, ofFile: readonly NamedWindow[]): Window {
  const found = Object.entries(ctWindows).find(([each]) => each === name.toLowerCase())?.[1]
  if (found !== undefined && (modality === 'CT' || modality === undefined)) return found
  const own = ofFile.length === 0 ? '' : `, or of the file: ${ofFile.map((each) => each.name).join(', ')}`
  throw new VesaliusError(
    'USAGE',
    found === undefined
      ? `There is no window called ${name}.`
      : `The window ${name} is in Hounsfield units, and the image is not CT but ${modality}.`,
    { where: 'window', hint: `Give center and width, one of ${Object.keys(ctWindows).join(', ')} for CT${own}.` },
  )
}
