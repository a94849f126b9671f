/** @file The applications that exist, for the listing of methods. */

import type { SurveyRow } from '../core/survey.ts'

export interface Application {
  id: string
  survey: SurveyRow
}

/** Every application, in the order of the survey. */
export const applications: readonly Application[] = [
  {
    id: 'domain-identification',
    survey: {
      name: 'Domain identification',
      paper: 'survey section 2.1, Fig. 4; Radford et al., ICML 2021',
      table: 0,
      domain: 'any',
      taxonomy: ['zero-shot'],
      tasks: ['ZSC'],
    },
  },
]
