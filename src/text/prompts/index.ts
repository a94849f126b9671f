/** @file The prompt sets that come with the package, by name. */

import type { PromptSetInput } from '../prompts.ts'
import { chestPhantom, chestPhantomHeldOut } from './chest-phantom.ts'
import { chexzero } from './chexpert.ts'
import { modalities, vqaRadOrgans } from './exclusive.ts'
import { tierPrompts } from './tier.ts'

export const builtInPromptSets: Readonly<Record<string, PromptSetInput>> = Object.fromEntries(
  [chestPhantom, chestPhantomHeldOut, chexzero, tierPrompts, modalities, vqaRadOrgans].map((set) => [set.name, set]),
)
