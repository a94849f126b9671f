/** @file Where the survey puts a system: the row that objectives and applications carry. */

export interface SurveyRow {
  /** The paper's own name of the system. */
  name: string
  paper: string
  /** Table of the survey, 1 to 5; 0 for what is in none: the baseline of section 2.1, our reference lines. */
  table: 0 | 1 | 2 | 3 | 4 | 5
  domain: string
  taxonomy: readonly string[]
  /** Evaluations reported in the survey: CLS, ZSC, ITR, SEG, DET ... */
  tasks: readonly string[]
}
