/** @file One error type for everything a person at the keyboard can put right. */

/** What went wrong, in the words of DESIGN section 8: a code, one sentence, where it was, what to do. */
export interface ErrorDetails {
  /** File, field, byte, line or study the error is about. Never patient data. */
  where?: string
  /** What the reader can do about it, as a sentence. */
  hint?: string
  cause?: unknown
}

/**
 * Every code the product can raise. `usage` codes exit with 2 (the arguments are wrong), all others with 1 (the work failed).
 */
export const errorCodes = {
  USAGE: 'usage',
  CONFIG_INVALID: 'usage',
  UNKNOWN_OBJECTIVE: 'usage',
  UNKNOWN_NAME: 'usage',
  FILE_MISSING: 'work',
  FILE_EMPTY: 'work',
  FILE_DAMAGED: 'work',
  FORMAT_UNSUPPORTED: 'work',
  DATA_INVALID: 'work',
  DATA_EMPTY: 'work',
  DATA_LACKS_FIELD: 'work',
  LABELS_INVALID: 'usage',
  MODEL_INVALID: 'work',
  CHECKPOINT_INVALID: 'work',
  SHAPE_MISMATCH: 'work',
  NOT_FINITE: 'work',
  MEMORY_SHORT: 'work',
  RUNTIME_FAILED: 'work',
  DEVICE_MISSING: 'work',
  MPI_FAILED: 'work',
  INTERRUPTED: 'work',
} as const

export type ErrorCode = keyof typeof errorCodes

/** An error whose message is written for the person who can act on it. */
export class VesaliusError extends Error {
  readonly code: ErrorCode
  readonly where: string | undefined
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'VesaliusError'
    this.code = code
    this.where = details.where
    this.hint = details.hint
  }

  /** Process exit code: 2 when the arguments are wrong, 130 when interrupted, else 1. */
  get exitCode(): number {
    if (this.code === 'INTERRUPTED') return 130
    return errorCodes[this.code] === 'usage' ? 2 : 1
  }

  /** The shape printed under `--json`. */
  toJSON(): { code: ErrorCode; message: string; where?: string; hint?: string } {
    return {
      code: this.code,
      message: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    }
  }
}

/** The text of anything thrown, for use inside a sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** True for Node's "no such file or directory". */
export function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
