/** @file The prompt sets that come with the package, by name. */

import type { PromptSetInput } from '../prompts.ts'
import { chestPhantom, chestPhantomHeldOut } from './chest-phantom.ts'
import { chexzero } from './chexpert.ts'
import { modalities, vqaRadOrgans } from './exclusive.ts'

export const builtInPromptSets: Readonly<Record<string, PromptSetInput>> = Object.fromEntries(
  [chestPhantom, chestPhantomHeldOut, chexzero, modalities, vqaRadOrgans].map((set) => [set.name, set]),
)
